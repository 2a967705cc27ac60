"""Every record type of the ledger, in the order of the documentation and of an import: referenced types first."""

from app.kernel.declare.registry import Registry
from app.records.accountability_decision.record import RECORD as ACCOUNTABILITY_DECISION
from app.records.admonishment.record import RECORD as ADMONISHMENT
from app.records.case_filing.record import RECORD as CASE_FILING
from app.records.clue.record import RECORD as CLUE
from app.records.clue_transfer.record import RECORD as CLUE_TRANSFER
from app.records.consultation.record import RECORD as CONSULTATION
from app.records.feedback_session.record import RECORD as FEEDBACK_SESSION
from app.records.finding.record import RECORD as FINDING
from app.records.finding_category.record import RECORD as FINDING_CATEGORY
from app.records.immediate_rectification.record import RECORD as IMMEDIATE_RECTIFICATION
from app.records.judicial_referral.record import RECORD as JUDICIAL_REFERRAL
from app.records.look_back.record import RECORD as LOOK_BACK
from app.records.person.record import RECORD as PERSON
from app.records.rectification_opinion.record import RECORD as RECTIFICATION_OPINION
from app.records.round.record import RECORD as ROUND
from app.records.target.record import RECORD as TARGET
from app.records.team.record import RECORD as TEAM
from app.records.team_member.record import RECORD as TEAM_MEMBER
from app.records.unit.record import RECORD as UNIT
from app.records.visit.record import RECORD as VISIT

REGISTRY = Registry(
    (
        UNIT,
        PERSON,
        ROUND,
        FINDING_CATEGORY,
        TEAM,
        TEAM_MEMBER,
        TARGET,
        VISIT,
        FINDING,
        FEEDBACK_SESSION,
        RECTIFICATION_OPINION,
        IMMEDIATE_RECTIFICATION,
        CLUE,
        CLUE_TRANSFER,
        CASE_FILING,
        ACCOUNTABILITY_DECISION,
        ADMONISHMENT,
        JUDICIAL_REFERRAL,
        LOOK_BACK,
        CONSULTATION,
    )
)
