"""A sealed value opens in its own place alone; keys come and go while digests stay."""

import base64
import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.kernel.personal.encryption import ALGORITHM, Place, SealedValue, Unopened, locked, opened
from app.kernel.personal.keyring import Keyring, NoSecret, Secret, UnknownKey, load_keyring

NUMBER = "431382190001010019"
PLACE = Place("431382", "01a20741-9e32-72f5-83b8-6eef4e2aa171", "persons.id_number", "d" * 64)


def ring(*secrets: bytes) -> Keyring:
    return Keyring(tuple(Secret(s) for s in secrets))


def test_a_value_opens_in_its_place_and_nowhere_else() -> None:
    keys = ring(b"k" * 32)
    sealed = locked(keys, PLACE, NUMBER)
    assert (sealed.form, sealed.algorithm) == (2, ALGORITHM)
    assert opened(keys, PLACE, sealed) == NUMBER
    elsewhere = (
        replace(PLACE, jurisdiction="431381"), replace(PLACE, record_id=PLACE.record_id[:-1] + "2"),
        replace(PLACE, member="persons.name"), replace(PLACE, digest="e" * 64),
    )  # fmt: skip
    for place in elsewhere:
        with pytest.raises(Unopened):
            opened(keys, place, sealed)
    text = sealed.ciphertext
    altered = [
        text[:-1],
        text + b"x",
        bytes([text[0] ^ 1]) + text[1:],
        text[:-1] + bytes([text[-1] ^ 1]),
        text[:27],
        b"",
    ]
    for bad in [*(replace(sealed, ciphertext=a) for a in altered), replace(sealed, form=1)]:
        with pytest.raises(Unopened):
            opened(keys, PLACE, bad)
    for unknown in (replace(sealed, form=3), replace(sealed, algorithm="SM4-GCM")):
        with pytest.raises(Unopened):
            opened(keys, PLACE, unknown)
    with pytest.raises(UnknownKey):
        opened(ring(b"x" * 32), PLACE, sealed)
    assert locked(keys, PLACE, NUMBER).ciphertext != text, "a fresh nonce each time"


def test_a_value_of_form_1_opens() -> None:
    secret, nonce = Secret(b"k" * 32), os.urandom(12)
    text = secret.cipher.encrypt(nonce, NUMBER.encode(), f"{PLACE.member}\0{PLACE.digest}".encode())
    assert opened(ring(b"k" * 32), PLACE, SealedValue(1, ALGORITHM, secret.key_id, nonce + text)) == NUMBER


def test_a_new_secret_seals_the_former_opens_and_digests_stay() -> None:
    old, both = ring(b"o" * 32), ring(b"n" * 32, b"o" * 32)
    sealed = locked(old, PLACE, NUMBER)
    assert opened(both, PLACE, sealed) == NUMBER
    assert locked(both, PLACE, NUMBER).key_id != sealed.key_id
    assert both.digest("persons.id_number", NUMBER) == old.digest("persons.id_number", NUMBER)


def test_a_ring_that_runs_notices_a_new_secret_and_keeps_what_it_has_when_the_file_is_broken(tmp_path: Path) -> None:
    running, command = load_keyring(None, tmp_path), load_keyring(None, tmp_path)
    file = tmp_path / "secret-key"
    before = running.current
    command.renew()
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_text().split()) == 2
    assert running.current == command.current != before
    sealed = locked(command, PLACE, NUMBER)
    assert opened(running, PLACE, sealed) == NUMBER
    whole = file.read_text()
    for broken in ("", "no base64!", base64.b64encode(b"z" * 32).decode(), whole.split()[0]):
        file.write_text(broken)
        assert opened(running, PLACE, sealed) == NUMBER
    file.unlink()
    assert opened(running, PLACE, sealed) == NUMBER
    file.write_text(whole)
    assert running.current == command.current


def test_several_secrets_come_in_the_setting_and_bad_ones_are_refused(tmp_path: Path) -> None:
    texts = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
    given = load_keyring(f"{texts[0]}, {texts[1]}", tmp_path)
    assert len(given) == 2 and given.current.secret == bytes([1]) * 32
    assert not list(tmp_path.iterdir())
    for bad in ("x", f"{texts[0]},x", f"{texts[0]},{texts[0]}", ",", texts[0][:-8]):
        with pytest.raises(NoSecret):
            load_keyring(bad, tmp_path)
    with pytest.raises(NoSecret):
        given.renew()
