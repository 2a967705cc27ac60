"""Every sentence a caller can meet: what is wrong, what to do, in Chinese and in English, with an example.

`GET /v1/errors` and docs/errors.md are made from this table; a test fails when code raises a code that is not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEMBER = 0  # in the place of a status: the sentence is about one member or cell, and has none of its own


@dataclass(frozen=True, slots=True)
class Sentence:
    """One entry: `text` says what is wrong, `remedy` what to do; both may use the parameters of `sample`.

    The sample is for documents alone. In an answer it would name another record than the caller's.
    """

    code: str
    status: int
    text: Mapping[str, str]
    remedy: Mapping[str, str]
    sample: Mapping[str, Any]

    def say(self, language: str, params: Mapping[str, Any], between: str = "") -> str:
        """The whole sentence in 'zh' or 'en'. A word that is not given is a mistake of ours: KeyError.

        `between` is the code of a sentence that is said after what is wrong and before what to do.
        """
        between = SENTENCES[between].text[language] if between else ""
        parts = (self.text[language], between, self.remedy[language])
        return ("" if language == "zh" else " ").join(filter(None, parts)).format_map(params)

    def title(self, language: str, params: Mapping[str, Any]) -> str:
        """What is wrong, without what to do."""
        return self.text[language].format_map(params)


def sentence(code: str, status: int, zh: str, zh_do: str, en: str, en_do: str, **sample: Any) -> Sentence:
    """A sentence as the tables write it."""
    return Sentence(code, status, {"zh": zh, "en": en}, {"zh": zh_do, "en": en_do}, sample)


def _catalogue() -> dict[str, Sentence]:
    from app.sentences import faults, files, members, requests

    every = (*requests.SENTENCES, *faults.SENTENCES, *members.SENTENCES, *files.SENTENCES)
    found = {s.code: s for s in every}
    assert len(found) == len(every), "two sentences share a code"
    return found


SENTENCES = _catalogue()
