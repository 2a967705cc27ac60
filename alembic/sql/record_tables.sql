-- The tables of the record types, as their fields declare them; a test compares the two.

CREATE TABLE unit (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent_id UUID,
  parent_number TEXT,
  division_code TEXT,
  credit_code TEXT,
  principal_name TEXT,
  principal_post TEXT,
  former_names TEXT[],
  valid_until DATE,
  merged_into_id UUID,
  merged_into_number TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_unit PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_unit_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_unit_state CHECK (state in ('active', 'merged', 'voided')),
  CONSTRAINT ck_unit_kind CHECK (kind in ('municipal_department', 'township_street', 'village_group', 'discipline_body', 'organisation_department', 'inspection_office', 'judicial_body', 'other')),
  CONSTRAINT ck_unit_own_parent CHECK (parent_id <> id),
  CONSTRAINT fk_unit_parent_id FOREIGN KEY(jurisdiction, parent_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_unit_merged_into_id FOREIGN KEY(jurisdiction, merged_into_id) REFERENCES unit (jurisdiction, id)
);
comment on table unit is '单位';
CREATE INDEX ix_unit_merged_into_id ON unit (jurisdiction, merged_into_id);
CREATE INDEX ix_unit_newest ON unit (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_unit_parent_id ON unit (jurisdiction, parent_id);

CREATE TABLE person (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  name TEXT NOT NULL,
  unit_id UUID NOT NULL,
  unit_number TEXT NOT NULL,
  post TEXT,
  rank TEXT,
  political_status TEXT,
  is_village_manager BOOLEAN,
  id_number_digest TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_person PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_person_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_person_state CHECK (state in ('active', 'voided')),
  CONSTRAINT ck_person_rank CHECK (rank in ('provincial', 'bureau', 'county', 'township', 'general_staff', 'other')),
  CONSTRAINT ck_person_political_status CHECK (political_status in ('party_member', 'probationary', 'league_member', 'other_party', 'none')),
  CONSTRAINT fk_person_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table person is '人员';
CREATE INDEX ix_person_id_number_digest ON person (jurisdiction, id_number_digest);
CREATE INDEX ix_person_newest ON person (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_person_unit_id ON person (jurisdiction, unit_id);

CREATE TABLE round (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  year INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  theme TEXT NOT NULL,
  plan_document TEXT,
  starts_on DATE NOT NULL,
  ends_on DATE,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_round PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_round_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_round_state CHECK (state in ('active', 'voided')),
  CONSTRAINT ck_round_kind CHECK (kind in ('routine', 'special', 'mobile', 'elevated', 'look_back'))
);
comment on table round is '巡察轮次';
CREATE INDEX ix_round_newest ON round (jurisdiction, created_at DESC, id DESC);

CREATE TABLE finding_category (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  phase TEXT NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_finding_category PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_finding_category_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_finding_category_state CHECK (state in ('active', 'voided')),
  CONSTRAINT ck_finding_category_phase CHECK (phase in ('focus', 'feedback')),
  CONSTRAINT fk_finding_category_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id)
);
comment on table finding_category is '问题类别';
CREATE INDEX ix_finding_category_newest ON finding_category (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_finding_category_round ON finding_category (jurisdiction, round_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX uq_finding_category_natural_key ON finding_category (jurisdiction, round_id, phase, code) WHERE state <> 'voided';

CREATE TABLE team (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  name TEXT NOT NULL,
  head_name TEXT NOT NULL,
  head_post TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_team PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_team_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_team_state CHECK (state in ('active', 'voided')),
  CONSTRAINT fk_team_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id)
);
comment on table team is '巡察组';
CREATE INDEX ix_team_newest ON team (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_team_round ON team (jurisdiction, round_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX uq_team_natural_key ON team (jurisdiction, round_id, name) WHERE state <> 'voided';

CREATE TABLE team_member (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  team_id UUID NOT NULL,
  team_number TEXT NOT NULL,
  name TEXT NOT NULL,
  seconded_from_name TEXT NOT NULL,
  seconded_from_unit_id UUID,
  seconded_from_unit_number TEXT,
  duty TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_team_member PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_team_member_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_team_member_state CHECK (state in ('active', 'voided')),
  CONSTRAINT fk_team_member_team_id FOREIGN KEY(jurisdiction, team_id) REFERENCES team (jurisdiction, id),
  CONSTRAINT fk_team_member_seconded_from_unit_id FOREIGN KEY(jurisdiction, seconded_from_unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table team_member is '巡察组成员';
CREATE INDEX ix_team_member_newest ON team_member (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_team_member_seconded_from_unit_id ON team_member (jurisdiction, seconded_from_unit_id);
CREATE INDEX ix_team_member_team_id ON team_member (jurisdiction, team_id);
CREATE UNIQUE INDEX uq_team_member_natural_key ON team_member (jurisdiction, team_id, name, seconded_from_name) WHERE state <> 'voided';

CREATE TABLE target (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  team_id UUID NOT NULL,
  team_number TEXT NOT NULL,
  unit_id UUID NOT NULL,
  unit_number TEXT NOT NULL,
  unit_name TEXT,
  unit_kind TEXT,
  entered_on DATE,
  is_unannounced BOOLEAN,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_target PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_target_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_target_state CHECK (state in ('planned', 'entered', 'voided')),
  CONSTRAINT ck_target_unit_kind CHECK (unit_kind in ('municipal_department', 'township_street', 'village_group', 'discipline_body', 'organisation_department', 'inspection_office', 'judicial_body', 'other')),
  CONSTRAINT fk_target_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_target_team_id FOREIGN KEY(jurisdiction, team_id) REFERENCES team (jurisdiction, id),
  CONSTRAINT fk_target_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table target is '巡察对象';
CREATE INDEX ix_target_newest ON target (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_target_round ON target (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_target_team_id ON target (jurisdiction, team_id);
CREATE INDEX ix_target_unit_id ON target (jurisdiction, unit_id);
CREATE UNIQUE INDEX uq_target_natural_key ON target (jurisdiction, round_id, unit_id) WHERE state <> 'voided';

CREATE TABLE visit (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  team_id UUID NOT NULL,
  team_number TEXT NOT NULL,
  unit_id UUID NOT NULL,
  unit_number TEXT NOT NULL,
  visited_on DATE NOT NULL,
  method TEXT,
  households JSONB,
  interviews JSONB,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_visit PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_visit_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_visit_state CHECK (state in ('active', 'voided')),
  CONSTRAINT ck_visit_method CHECK (method in ('household', 'talk', 'site', 'documents')),
  CONSTRAINT fk_visit_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_visit_team_id FOREIGN KEY(jurisdiction, team_id) REFERENCES team (jurisdiction, id),
  CONSTRAINT fk_visit_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table visit is '走访谈话';
CREATE INDEX ix_visit_newest ON visit (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_visit_round ON visit (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_visit_team_id ON visit (jurisdiction, team_id);
CREATE INDEX ix_visit_unit_id ON visit (jurisdiction, unit_id);
CREATE UNIQUE INDEX uq_visit_natural_key ON visit (jurisdiction, round_id, team_id, unit_id, visited_on) WHERE state <> 'voided';

CREATE TABLE finding (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  team_id UUID NOT NULL,
  team_number TEXT NOT NULL,
  unit_id UUID NOT NULL,
  unit_number TEXT NOT NULL,
  category_id UUID NOT NULL,
  category_number TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  basis TEXT,
  is_immediate BOOLEAN,
  conduct TEXT[],
  amount_fen BIGINT,
  households_affected JSONB,
  found_on DATE NOT NULL,
  fed_back_on DATE,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_finding PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_finding_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_finding_state CHECK (state in ('registered', 'fed_back', 'rectifying', 'rectified', 'closed_off', 'voided')),
  CONSTRAINT ck_finding_conduct CHECK (conduct <@ array['favouritism', 'skimming', 'seizing', 'reckless', 'inaction', 'slow', 'fraud']),
  CONSTRAINT fk_finding_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_finding_team_id FOREIGN KEY(jurisdiction, team_id) REFERENCES team (jurisdiction, id),
  CONSTRAINT fk_finding_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_finding_category_id FOREIGN KEY(jurisdiction, category_id) REFERENCES finding_category (jurisdiction, id)
);
comment on table finding is '发现问题';
CREATE INDEX ix_finding_category_id ON finding (jurisdiction, category_id);
CREATE INDEX ix_finding_newest ON finding (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_finding_round ON finding (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_finding_team_id ON finding (jurisdiction, team_id);
CREATE INDEX ix_finding_unit_id ON finding (jurisdiction, unit_id);

CREATE TABLE feedback_session (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  unit_id UUID NOT NULL,
  unit_number TEXT NOT NULL,
  held_on DATE NOT NULL,
  method TEXT,
  members_expected INTEGER,
  members_present INTEGER,
  absentees JSONB,
  receipt_name TEXT,
  receipt_on DATE,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_feedback_session PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_feedback_session_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_feedback_session_state CHECK (state in ('active', 'voided')),
  CONSTRAINT ck_feedback_session_method CHECK (method in ('face_to_face', 'meeting', 'written')),
  CONSTRAINT fk_feedback_session_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_feedback_session_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table feedback_session is '集中反馈';
CREATE INDEX ix_feedback_session_newest ON feedback_session (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_feedback_session_round ON feedback_session (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_feedback_session_unit_id ON feedback_session (jurisdiction, unit_id);
CREATE UNIQUE INDEX uq_feedback_session_natural_key ON feedback_session (jurisdiction, round_id, unit_id, held_on) WHERE state <> 'voided';

CREATE TABLE rectification_opinion (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  finding_id UUID NOT NULL,
  finding_number TEXT NOT NULL,
  unit_id UUID NOT NULL,
  unit_number TEXT NOT NULL,
  cooperating_unit_ids UUID[],
  cooperating_unit_numbers TEXT[],
  kind TEXT,
  text TEXT NOT NULL,
  responsible_person TEXT,
  responsible_post TEXT,
  due_on DATE,
  measures TEXT[],
  progress TEXT,
  completed_on DATE,
  result TEXT,
  closed_off_on DATE,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_rectification_opinion PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_rectification_opinion_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_rectification_opinion_state CHECK (state in ('issued', 'in_progress', 'completed', 'closed_off', 'voided')),
  CONSTRAINT ck_rectification_opinion_kind CHECK (kind in ('specific', 'generalised_check', 'institutional')),
  CONSTRAINT ck_rectification_opinion_progress CHECK (progress in ('not_started', 'in_progress', 'basically_completed', 'completed')),
  CONSTRAINT fk_rectification_opinion_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_rectification_opinion_finding_id FOREIGN KEY(jurisdiction, finding_id) REFERENCES finding (jurisdiction, id),
  CONSTRAINT fk_rectification_opinion_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table rectification_opinion is '整改意见';
CREATE INDEX ix_rectification_opinion_cooperating_unit_ids ON rectification_opinion USING gin (cooperating_unit_ids);
CREATE INDEX ix_rectification_opinion_finding_id ON rectification_opinion (jurisdiction, finding_id);
CREATE INDEX ix_rectification_opinion_newest ON rectification_opinion (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_rectification_opinion_round ON rectification_opinion (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_rectification_opinion_unit_id ON rectification_opinion (jurisdiction, unit_id);

CREATE TABLE immediate_rectification (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  team_id UUID,
  team_number TEXT,
  lead_unit_id UUID NOT NULL,
  lead_unit_number TEXT NOT NULL,
  cooperating_unit_ids UUID[],
  cooperating_unit_numbers TEXT[],
  matter TEXT NOT NULL,
  amount_fen BIGINT,
  notified_on DATE NOT NULL,
  resolved_on DATE,
  result TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_immediate_rectification PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_immediate_rectification_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_immediate_rectification_state CHECK (state in ('notified', 'resolved', 'voided')),
  CONSTRAINT fk_immediate_rectification_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_immediate_rectification_team_id FOREIGN KEY(jurisdiction, team_id) REFERENCES team (jurisdiction, id),
  CONSTRAINT fk_immediate_rectification_lead_unit_id FOREIGN KEY(jurisdiction, lead_unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table immediate_rectification is '立行立改';
CREATE INDEX ix_immediate_rectification_cooperating_unit_ids ON immediate_rectification USING gin (cooperating_unit_ids);
CREATE INDEX ix_immediate_rectification_lead_unit_id ON immediate_rectification (jurisdiction, lead_unit_id);
CREATE INDEX ix_immediate_rectification_newest ON immediate_rectification (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_immediate_rectification_round ON immediate_rectification (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_immediate_rectification_team_id ON immediate_rectification (jurisdiction, team_id);

CREATE TABLE clue (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  team_id UUID,
  team_number TEXT,
  source TEXT NOT NULL,
  petition_kind TEXT,
  person_id UUID,
  person_number TEXT,
  reported_name TEXT,
  reported_post TEXT,
  reported_unit_id UUID,
  reported_unit_number TEXT,
  summary TEXT NOT NULL,
  conduct TEXT[],
  finding_id UUID,
  finding_number TEXT,
  registered_on DATE NOT NULL,
  classification TEXT,
  handling TEXT,
  handling_decided_on DATE,
  holder_unit_id UUID,
  holder_unit_number TEXT,
  handling_unit_id UUID,
  handling_unit_number TEXT,
  merged_into_id UUID,
  merged_into_number TEXT,
  concluded_on DATE,
  result TEXT,
  closed_off_on DATE,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_clue PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_clue_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_clue_state CHECK (state in ('registered', 'transferred', 'handling', 'concluded', 'closed_off', 'voided')),
  CONSTRAINT ck_clue_source CHECK (source in ('inspection', 'petition', 'audit', 'other')),
  CONSTRAINT ck_clue_petition_kind CHECK (petition_kind in ('repeat', 'skip_level', 'collective')),
  CONSTRAINT ck_clue_conduct CHECK (conduct <@ array['favouritism', 'skimming', 'seizing', 'reckless', 'inaction', 'slow', 'fraud']),
  CONSTRAINT ck_clue_classification CHECK (classification in ('public', 'internal', 'work_secret')),
  CONSTRAINT ck_clue_handling CHECK (handling in ('talk_inquiry', 'preliminary_verification', 'shelved_pending', 'closed_no_action')),
  CONSTRAINT fk_clue_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_clue_team_id FOREIGN KEY(jurisdiction, team_id) REFERENCES team (jurisdiction, id),
  CONSTRAINT fk_clue_person_id FOREIGN KEY(jurisdiction, person_id) REFERENCES person (jurisdiction, id),
  CONSTRAINT fk_clue_reported_unit_id FOREIGN KEY(jurisdiction, reported_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_clue_finding_id FOREIGN KEY(jurisdiction, finding_id) REFERENCES finding (jurisdiction, id),
  CONSTRAINT fk_clue_holder_unit_id FOREIGN KEY(jurisdiction, holder_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_clue_handling_unit_id FOREIGN KEY(jurisdiction, handling_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_clue_merged_into_id FOREIGN KEY(jurisdiction, merged_into_id) REFERENCES clue (jurisdiction, id)
);
comment on table clue is '问题线索';
CREATE INDEX ix_clue_finding_id ON clue (jurisdiction, finding_id);
CREATE INDEX ix_clue_handling_unit_id ON clue (jurisdiction, handling_unit_id);
CREATE INDEX ix_clue_holder_unit_id ON clue (jurisdiction, holder_unit_id);
CREATE INDEX ix_clue_merged_into_id ON clue (jurisdiction, merged_into_id);
CREATE INDEX ix_clue_newest ON clue (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_clue_person_id ON clue (jurisdiction, person_id);
CREATE INDEX ix_clue_reported_unit_id ON clue (jurisdiction, reported_unit_id);
CREATE INDEX ix_clue_round ON clue (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_clue_team_id ON clue (jurisdiction, team_id);

CREATE TABLE clue_transfer (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  document_number TEXT,
  route TEXT NOT NULL,
  from_unit_id UUID NOT NULL,
  from_unit_number TEXT NOT NULL,
  to_unit_id UUID NOT NULL,
  to_unit_number TEXT NOT NULL,
  clue_ids UUID[] NOT NULL,
  clue_numbers TEXT[] NOT NULL,
  sent_on DATE,
  received_by TEXT,
  received_on DATE,
  fed_back_on DATE,
  result TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_clue_transfer PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_clue_transfer_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_clue_transfer_state CHECK (state in ('draft', 'sent', 'received', 'result_fed_back', 'returned', 'voided')),
  CONSTRAINT ck_clue_transfer_route CHECK (route in ('discipline', 'organisation', 'upper_level', 'procuratorate', 'public_security', 'audit', 'other_unit')),
  CONSTRAINT fk_clue_transfer_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_clue_transfer_from_unit_id FOREIGN KEY(jurisdiction, from_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_clue_transfer_to_unit_id FOREIGN KEY(jurisdiction, to_unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table clue_transfer is '线索移交';
CREATE INDEX ix_clue_transfer_clue_ids ON clue_transfer USING gin (clue_ids);
CREATE INDEX ix_clue_transfer_from_unit_id ON clue_transfer (jurisdiction, from_unit_id);
CREATE INDEX ix_clue_transfer_newest ON clue_transfer (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_clue_transfer_round ON clue_transfer (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_clue_transfer_to_unit_id ON clue_transfer (jurisdiction, to_unit_id);

CREATE TABLE case_filing (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  person_id UUID NOT NULL,
  person_number TEXT NOT NULL,
  person_unit_id UUID,
  person_unit_number TEXT,
  person_post TEXT,
  person_rank TEXT,
  lane TEXT NOT NULL,
  filed_on DATE NOT NULL,
  authority_unit_id UUID NOT NULL,
  authority_unit_number TEXT NOT NULL,
  clue_id UUID,
  clue_number TEXT,
  summary TEXT,
  concluded_on DATE,
  party_sanction TEXT,
  admin_sanction TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_case_filing PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_case_filing_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_case_filing_state CHECK (state in ('filed', 'decided', 'withdrawn', 'voided')),
  CONSTRAINT ck_case_filing_person_rank CHECK (person_rank in ('provincial', 'bureau', 'county', 'township', 'general_staff', 'other')),
  CONSTRAINT ck_case_filing_lane CHECK (lane in ('party', 'supervisory')),
  CONSTRAINT ck_case_filing_party_sanction CHECK (party_sanction in ('warning', 'serious_warning', 'removal_from_party_posts', 'probation', 'expulsion', 'none')),
  CONSTRAINT ck_case_filing_admin_sanction CHECK (admin_sanction in ('warning', 'demerit', 'major_demerit', 'demotion', 'removal', 'dismissal')),
  CONSTRAINT fk_case_filing_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_case_filing_person_id FOREIGN KEY(jurisdiction, person_id) REFERENCES person (jurisdiction, id),
  CONSTRAINT fk_case_filing_person_unit_id FOREIGN KEY(jurisdiction, person_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_case_filing_authority_unit_id FOREIGN KEY(jurisdiction, authority_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_case_filing_clue_id FOREIGN KEY(jurisdiction, clue_id) REFERENCES clue (jurisdiction, id)
);
comment on table case_filing is '立案审查';
CREATE INDEX ix_case_filing_authority_unit_id ON case_filing (jurisdiction, authority_unit_id);
CREATE INDEX ix_case_filing_clue_id ON case_filing (jurisdiction, clue_id);
CREATE INDEX ix_case_filing_newest ON case_filing (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_case_filing_person_id ON case_filing (jurisdiction, person_id);
CREATE INDEX ix_case_filing_person_unit_id ON case_filing (jurisdiction, person_unit_id);
CREATE INDEX ix_case_filing_round ON case_filing (jurisdiction, round_id, created_at DESC, id DESC);

CREATE TABLE accountability_decision (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  person_id UUID,
  person_number TEXT,
  person_unit_id UUID,
  person_unit_number TEXT,
  person_post TEXT,
  person_rank TEXT,
  unit_id UUID,
  unit_number TEXT,
  mode TEXT NOT NULL,
  responsibility TEXT,
  authority_unit_id UUID NOT NULL,
  authority_unit_number TEXT NOT NULL,
  decided_on DATE NOT NULL,
  document_number TEXT,
  form INTEGER,
  conduct TEXT[],
  finding_id UUID,
  finding_number TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_accountability_decision PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_accountability_decision_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_accountability_decision_state CHECK (state in ('decided', 'voided')),
  CONSTRAINT ck_accountability_decision_subject_kind CHECK (subject_kind in ('unit', 'person')),
  CONSTRAINT ck_accountability_decision_person_rank CHECK (person_rank in ('provincial', 'bureau', 'county', 'township', 'general_staff', 'other')),
  CONSTRAINT ck_accountability_decision_mode CHECK (mode in ('bulletin', 'admonition', 'organisational_adjustment', 'discipline_sanction', 'unit_review', 'unit_bulletin', 'unit_reorganisation')),
  CONSTRAINT ck_accountability_decision_responsibility CHECK (responsibility in ('direct', 'main_leadership', 'important_leadership', 'overall_leadership', 'supervision')),
  CONSTRAINT ck_accountability_decision_conduct CHECK (conduct <@ array['favouritism', 'skimming', 'seizing', 'reckless', 'inaction', 'slow', 'fraud']),
  CONSTRAINT fk_accountability_decision_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_accountability_decision_person_id FOREIGN KEY(jurisdiction, person_id) REFERENCES person (jurisdiction, id),
  CONSTRAINT fk_accountability_decision_person_unit_id FOREIGN KEY(jurisdiction, person_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_accountability_decision_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_accountability_decision_authority_unit_id FOREIGN KEY(jurisdiction, authority_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_accountability_decision_finding_id FOREIGN KEY(jurisdiction, finding_id) REFERENCES finding (jurisdiction, id)
);
comment on table accountability_decision is '问责';
CREATE INDEX ix_accountability_decision_authority_unit_id ON accountability_decision (jurisdiction, authority_unit_id);
CREATE INDEX ix_accountability_decision_finding_id ON accountability_decision (jurisdiction, finding_id);
CREATE INDEX ix_accountability_decision_newest ON accountability_decision (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_accountability_decision_person_id ON accountability_decision (jurisdiction, person_id);
CREATE INDEX ix_accountability_decision_person_unit_id ON accountability_decision (jurisdiction, person_unit_id);
CREATE INDEX ix_accountability_decision_round ON accountability_decision (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_accountability_decision_unit_id ON accountability_decision (jurisdiction, unit_id);

CREATE TABLE admonishment (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  person_id UUID,
  person_number TEXT,
  unit_id UUID,
  unit_number TEXT,
  held_on DATE NOT NULL,
  authority_unit_id UUID NOT NULL,
  authority_unit_number TEXT NOT NULL,
  content TEXT,
  requirements TEXT,
  due_on DATE,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_admonishment PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_admonishment_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_admonishment_state CHECK (state in ('held', 'voided')),
  CONSTRAINT ck_admonishment_kind CHECK (kind in ('collective_talk', 'talk', 'reminder_talk', 'criticism', 'ordered_review', 'admonition')),
  CONSTRAINT ck_admonishment_subject_kind CHECK (subject_kind in ('unit', 'person')),
  CONSTRAINT fk_admonishment_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_admonishment_person_id FOREIGN KEY(jurisdiction, person_id) REFERENCES person (jurisdiction, id),
  CONSTRAINT fk_admonishment_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_admonishment_authority_unit_id FOREIGN KEY(jurisdiction, authority_unit_id) REFERENCES unit (jurisdiction, id)
);
comment on table admonishment is '约谈、诫勉';
CREATE INDEX ix_admonishment_authority_unit_id ON admonishment (jurisdiction, authority_unit_id);
CREATE INDEX ix_admonishment_newest ON admonishment (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_admonishment_person_id ON admonishment (jurisdiction, person_id);
CREATE INDEX ix_admonishment_round ON admonishment (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_admonishment_unit_id ON admonishment (jurisdiction, unit_id);

CREATE TABLE judicial_referral (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  person_id UUID NOT NULL,
  person_number TEXT NOT NULL,
  person_unit_id UUID,
  person_unit_number TEXT,
  person_post TEXT,
  person_rank TEXT,
  from_unit_id UUID NOT NULL,
  from_unit_number TEXT NOT NULL,
  to_unit_id UUID NOT NULL,
  to_unit_number TEXT NOT NULL,
  referred_on DATE NOT NULL,
  document_number TEXT,
  suspected_offence TEXT,
  case_filing_id UUID,
  case_filing_number TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_judicial_referral PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_judicial_referral_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_judicial_referral_state CHECK (state in ('sent', 'voided')),
  CONSTRAINT ck_judicial_referral_person_rank CHECK (person_rank in ('provincial', 'bureau', 'county', 'township', 'general_staff', 'other')),
  CONSTRAINT fk_judicial_referral_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_judicial_referral_person_id FOREIGN KEY(jurisdiction, person_id) REFERENCES person (jurisdiction, id),
  CONSTRAINT fk_judicial_referral_person_unit_id FOREIGN KEY(jurisdiction, person_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_judicial_referral_from_unit_id FOREIGN KEY(jurisdiction, from_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_judicial_referral_to_unit_id FOREIGN KEY(jurisdiction, to_unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_judicial_referral_case_filing_id FOREIGN KEY(jurisdiction, case_filing_id) REFERENCES case_filing (jurisdiction, id)
);
comment on table judicial_referral is '移送司法';
CREATE INDEX ix_judicial_referral_case_filing_id ON judicial_referral (jurisdiction, case_filing_id);
CREATE INDEX ix_judicial_referral_from_unit_id ON judicial_referral (jurisdiction, from_unit_id);
CREATE INDEX ix_judicial_referral_newest ON judicial_referral (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_judicial_referral_person_id ON judicial_referral (jurisdiction, person_id);
CREATE INDEX ix_judicial_referral_person_unit_id ON judicial_referral (jurisdiction, person_unit_id);
CREATE INDEX ix_judicial_referral_round ON judicial_referral (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_judicial_referral_to_unit_id ON judicial_referral (jurisdiction, to_unit_id);

CREATE TABLE look_back (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  team_id UUID,
  team_number TEXT,
  subject_kind TEXT NOT NULL,
  unit_id UUID,
  unit_number TEXT,
  person_id UUID,
  person_number TEXT,
  checked_on DATE NOT NULL,
  is_unannounced BOOLEAN,
  finding_id UUID,
  finding_number TEXT,
  conclusion TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_look_back PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_look_back_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_look_back_state CHECK (state in ('concluded', 'voided')),
  CONSTRAINT ck_look_back_subject_kind CHECK (subject_kind in ('unit', 'person')),
  CONSTRAINT ck_look_back_conclusion CHECK (conclusion in ('rectified', 'relapsed')),
  CONSTRAINT fk_look_back_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id),
  CONSTRAINT fk_look_back_team_id FOREIGN KEY(jurisdiction, team_id) REFERENCES team (jurisdiction, id),
  CONSTRAINT fk_look_back_unit_id FOREIGN KEY(jurisdiction, unit_id) REFERENCES unit (jurisdiction, id),
  CONSTRAINT fk_look_back_person_id FOREIGN KEY(jurisdiction, person_id) REFERENCES person (jurisdiction, id),
  CONSTRAINT fk_look_back_finding_id FOREIGN KEY(jurisdiction, finding_id) REFERENCES finding (jurisdiction, id)
);
comment on table look_back is '回头看';
CREATE INDEX ix_look_back_finding_id ON look_back (jurisdiction, finding_id);
CREATE INDEX ix_look_back_newest ON look_back (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_look_back_person_id ON look_back (jurisdiction, person_id);
CREATE INDEX ix_look_back_round ON look_back (jurisdiction, round_id, created_at DESC, id DESC);
CREATE INDEX ix_look_back_team_id ON look_back (jurisdiction, team_id);
CREATE INDEX ix_look_back_unit_id ON look_back (jurisdiction, unit_id);

CREATE TABLE consultation (
  jurisdiction TEXT COLLATE "C" NOT NULL,
  id UUID NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  round_id UUID NOT NULL,
  round_number TEXT NOT NULL,
  held_on DATE NOT NULL,
  participants TEXT[],
  topic TEXT NOT NULL,
  conclusion TEXT,
  note TEXT,
  imported BOOLEAN DEFAULT false NOT NULL,
  ledger_line JSONB,
  audience UUID[] DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by TEXT NOT NULL,
  CONSTRAINT pk_consultation PRIMARY KEY (jurisdiction, id),
  CONSTRAINT uq_consultation_jurisdiction_number UNIQUE (jurisdiction, number),
  CONSTRAINT ck_consultation_state CHECK (state in ('held', 'voided')),
  CONSTRAINT fk_consultation_round_id FOREIGN KEY(jurisdiction, round_id) REFERENCES round (jurisdiction, id)
);
comment on table consultation is '组办会商';
CREATE INDEX ix_consultation_newest ON consultation (jurisdiction, created_at DESC, id DESC);
CREATE INDEX ix_consultation_round ON consultation (jurisdiction, round_id, created_at DESC, id DESC);
