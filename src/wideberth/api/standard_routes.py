"""The doors of the standards, in one table: what is served to suppliers, with which scopes.

Scopes are those of the published descriptions: any one of the sets will do. A new door is a handler and a row here.
"""

from typing import Final

from wideberth.api import auxiliary, f3411, f3548, f3548_subscriptions, uss
from wideberth.api import standard_bodies as bodies
from wideberth.api import standard_forms as forms
from wideberth.api.auth import (
    ARBITRATION,
    CONFORMANCE,
    DISPLAY,
    MANAGEMENT,
    PROCESSING,
    SERVICE,
    STRATEGIC,
    VERSIONS,
    any_of,
)
from wideberth.api.standard_door import Door

PLANNING: Final = any_of(STRATEGIC, CONFORMANCE)
WRITING: Final = (frozenset((STRATEGIC,)), frozenset((STRATEGIC, PROCESSING)), frozenset((CONFORMANCE,)))
CONSTRAINING: Final = any_of(MANAGEMENT)
READING: Final = any_of(MANAGEMENT, PROCESSING)
LISTENING: Final = any_of(PROCESSING, STRATEGIC)
ASKING: Final = any_of(ARBITRATION, STRATEGIC, CONFORMANCE)
ANY: Final = any_of(MANAGEMENT, PROCESSING, STRATEGIC, CONFORMANCE, ARBITRATION)
BOTH: Final = any_of(DISPLAY, SERVICE)

INTENTS: Final = "/dss/v1/operational_intent_references"
CONSTRAINTS: Final = "/dss/v1/constraint_references"
SUBSCRIPTIONS: Final = "/dss/v1/subscriptions"
AVAILABILITY: Final = "/dss/v1/uss_availability/{uss_id}"
AREAS: Final = "/rid/v2/dss/identification_service_areas"
RID: Final = "/rid/v2/dss/subscriptions"
AREA: Final = ("area", "earliest_time", "latest_time")

_PUT_INTENT = (f3548.put_intent, WRITING)
_PUT_INTENT_FORMS = (forms.ChangeOperationalIntentReferenceResponse, bodies.PutOperationalIntentReferenceParameters)
_PUT_CONSTRAINT_FORMS = (forms.ChangeConstraintReferenceResponse, bodies.PutConstraintReferenceParameters)
_PUT_SUBSCRIPTION_FORMS = (forms.PutSubscriptionResponse, bodies.PutSubscriptionParameters)
_CHANGED_AREA = f3411.PutIdentificationServiceAreaResponse

F3548: Final = (
    Door("POST", f"{INTENTS}/query", f3548.query_intents, PLANNING, "Intents in an area",
         forms.QueryOperationalIntentReferenceResponse, bodies.Query),
    Door("GET", f"{INTENTS}/{{entityid}}", f3548.get_intent, PLANNING, "One intent",
         forms.GetOperationalIntentReferenceResponse),
    Door("PUT", f"{INTENTS}/{{entityid}}", *_PUT_INTENT, "A new intent", *_PUT_INTENT_FORMS, status=201),
    Door("PUT", f"{INTENTS}/{{entityid}}/{{ovn}}", *_PUT_INTENT, "An intent's next version", *_PUT_INTENT_FORMS),
    Door("DELETE", f"{INTENTS}/{{entityid}}/{{ovn}}", f3548.delete_intent, PLANNING, "An intent ends",
         forms.ChangeOperationalIntentReferenceResponse),
    Door("POST", f"{CONSTRAINTS}/query", f3548.query_constraints, READING, "Constraints in an area",
         forms.QueryConstraintReferencesResponse, bodies.Query),
    Door("GET", f"{CONSTRAINTS}/{{entityid}}", f3548.get_constraint, READING, "One constraint",
         forms.GetConstraintReferenceResponse),
    Door("PUT", f"{CONSTRAINTS}/{{entityid}}", f3548.put_constraint, CONSTRAINING, "A new constraint",
         *_PUT_CONSTRAINT_FORMS, status=201),
    Door("PUT", f"{CONSTRAINTS}/{{entityid}}/{{ovn}}", f3548.put_constraint, CONSTRAINING,
         "A constraint's next version", *_PUT_CONSTRAINT_FORMS),
    Door("DELETE", f"{CONSTRAINTS}/{{entityid}}/{{ovn}}", f3548.delete_constraint, CONSTRAINING, "A constraint ends",
         forms.ChangeConstraintReferenceResponse),
    Door("POST", f"{SUBSCRIPTIONS}/query", f3548_subscriptions.query_subscriptions, LISTENING,
         "The asker's subscriptions in an area", forms.QuerySubscriptionsResponse, bodies.Query),
    Door("GET", f"{SUBSCRIPTIONS}/{{subscriptionid}}", f3548_subscriptions.get_subscription, LISTENING,
         "One subscription", forms.GetSubscriptionResponse),
    Door("PUT", f"{SUBSCRIPTIONS}/{{subscriptionid}}", f3548_subscriptions.put_subscription, LISTENING,
         "A new subscription", *_PUT_SUBSCRIPTION_FORMS),
    Door("PUT", f"{SUBSCRIPTIONS}/{{subscriptionid}}/{{version}}", f3548_subscriptions.put_subscription, LISTENING,
         "A subscription's next version", *_PUT_SUBSCRIPTION_FORMS),
    Door("DELETE", f"{SUBSCRIPTIONS}/{{subscriptionid}}/{{version}}", f3548_subscriptions.delete_subscription,
         LISTENING, "A subscription ends", forms.GetSubscriptionResponse),
    Door("GET", AVAILABILITY, f3548.get_availability, ASKING, "Whether a supplier can be reached",
         forms.UssAvailabilityStatusResponse),
    Door("PUT", AVAILABILITY, f3548.put_availability, any_of(ARBITRATION), "An arbiter's word on it",
         forms.UssAvailabilityStatusResponse, bodies.SetUssAvailabilityStatusParameters),
    Door("POST", "/dss/v1/reports", f3548.report, ANY, "A problem is reported", bodies.ErrorReport,
         bodies.ErrorReport, status=201),
)  # fmt: skip

F3411: Final = (
    Door("GET", AREAS, f3411.search_areas, any_of(DISPLAY), "Service areas in an area",
         f3411.SearchIdentificationServiceAreasResponse, query=AREA),
    Door("GET", f"{AREAS}/{{id}}", f3411.get_area, BOTH, "One service area",
         f3411.GetIdentificationServiceAreaResponse),
    Door("PUT", f"{AREAS}/{{id}}", f3411.put_area, any_of(SERVICE), "A new service area", _CHANGED_AREA,
         bodies.PutArea),
    Door("PUT", f"{AREAS}/{{id}}/{{version}}", f3411.put_area, any_of(SERVICE), "A service area's next version",
         _CHANGED_AREA, bodies.PutArea),
    Door("DELETE", f"{AREAS}/{{id}}/{{version}}", f3411.delete_area, any_of(SERVICE), "A service area ends",
         _CHANGED_AREA),
    Door("GET", RID, f3411.search_subscriptions, any_of(DISPLAY), "The asker's subscriptions in an area",
         f3411.SearchSubscriptionsResponse, query=AREA[:1]),
    Door("GET", f"{RID}/{{id}}", f3411.get_subscription, BOTH, "One subscription", f3411.GetSubscriptionResponse),
    Door("PUT", f"{RID}/{{id}}", f3411.put_subscription, any_of(DISPLAY), "A new subscription",
         f3411.PutSubscriptionResponse, bodies.PutArea),
    Door("PUT", f"{RID}/{{id}}/{{version}}", f3411.put_subscription, any_of(DISPLAY), "A subscription's next version",
         f3411.PutSubscriptionResponse, bodies.PutArea),
    Door("DELETE", f"{RID}/{{id}}/{{version}}", f3411.delete_subscription, any_of(DISPLAY), "A subscription ends",
         f3411.GetSubscriptionResponse),
)  # fmt: skip

USS: Final = (
    Door("GET", "/uss/v1/operational_intents/{entityid}", uss.get_intent, any_of(STRATEGIC),
         "An operation that this node manages, in full", uss.GetOperationalIntentDetailsResponse),
    Door("GET", "/uss/v1/operational_intents/{entityid}/telemetry", uss.get_telemetry, any_of(CONFORMANCE),
         "There is no telemetry here"),
    Door("POST", "/uss/v1/operational_intents", uss.notice_of_intent, any_of(STRATEGIC), "Another's intent changed",
         None, bodies.PutOperationalIntentDetailsParameters, status=204),
    Door("GET", "/uss/v1/constraints/{entityid}", uss.get_constraint, any_of(PROCESSING),
         "A constraint that this node manages, in full", uss.GetConstraintDetailsResponse),
    Door("POST", "/uss/v1/constraints", uss.notice_of_constraint, any_of(MANAGEMENT), "Another's constraint changed",
         None, bodies.PutConstraintDetailsParameters, status=204),
    Door("POST", "/uss/v1/reports", f3548.report, ANY, "A problem is reported", bodies.ErrorReport,
         bodies.ErrorReport, status=201),
)  # fmt: skip

AUXILIARY: Final = (
    Door("GET", "/aux/v1/version", auxiliary.version, (), "Which version this node is", auxiliary.VersionResponse,
         token=False),
    Door("GET", "/aux/v1/validate_oauth", auxiliary.validate_oauth, (), "Whether a token is taken", auxiliary.Valid,
         query=("owner",)),
    Door("GET", "/versions", auxiliary.versions, (), "What this node is and serves", auxiliary.Versions, token=False),
    Door("GET", "/versions/{system_identity}", auxiliary.system_version, any_of(VERSIONS), "One version",
         auxiliary.SystemVersion),
)  # fmt: skip

DOORS: Final = (*F3548, *F3411, *USS, *AUXILIARY)
