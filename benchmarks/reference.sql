-- What the reference programs work on: one kind of entry with its past and its feed, no rule, no caller, no trigger.

create table entry (
  id uuid not null,
  label text not null,
  round int not null,
  unit int not null,
  kind text not null,
  weight smallint not null,
  state text not null,
  title text not null,
  body text not null,
  seen_on date not null,
  until date,
  extra jsonb not null default '{}',
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint entry_key primary key (id),
  constraint entry_label unique (label)
) with (fillfactor = 90);
create index entry_of_round on entry (round, created_at desc, id desc);
create index entry_of_state on entry (round, state, created_at desc, id desc);
create index entry_of_unit on entry (unit);

create table entry_past (
  id uuid,
  version int,
  at timestamptz not null default now(),
  who text not null,
  whole jsonb not null,
  constraint entry_past_key primary key (id, version)
);

create table entry_feed (
  position bigint generated always as identity constraint entry_feed_key primary key,
  kind text not null,
  id uuid not null,
  version int not null,
  what "char" not null,
  at timestamptz not null default now()
);
