# A drone service supplier's first flights, against `wideberth demo --port 8090 --token-key issuer.pem.pub`.
DSS=http://localhost:${PORT:-8090}/dss/v1/operational_intent_references

token() { wideberth tokens get --key issuer.pem --sub "$1" --scope utm.strategic_coordination --audience localhost; }
body() { cat <<JSON
{"state": "$1", "key": [$2], "uss_base_url": "https://uss.example.com/utm",
 "new_subscription": {"uss_base_url": "https://uss.example.com/utm"}, "extents": [{
  "volume": {"outline_circle": {"center": {"lat": 42.1, "lng": -37.9}, "radius": {"value": 150, "units": "M"}},
             "altitude_lower": {"value": 500, "reference": "W84", "units": "M"},
             "altitude_upper": {"value": 580, "reference": "W84", "units": "M"}},
  "time_start": {"value": "$(date -u -d '1 hour' +%FT%H:00:00Z)", "format": "RFC3339"},
  "time_end": {"value": "$(date -u -d '2 hours' +%FT%H:00:00Z)", "format": "RFC3339"}}]}
JSON
}
ask() { curl -s --retry-connrefused --retry 5 -X "$1" "$DSS/$2" -H "Authorization: Bearer $(token "$3")" -H "Content-Type: application/json" -d "$4"; }
ovn() { python3 -c 'import json, sys; print(json.load(sys.stdin)["operational_intent_reference"]["ovn"])'; }
say() { python3 -m json.tool --indent 1; }

ONE=$(python3 -c 'import uuid; print(uuid.uuid4())'); TWO=$(python3 -c 'import uuid; print(uuid.uuid4())')

OVN_ONE=$(ask PUT "$ONE" uss1 "$(body Accepted)" | ovn)                # plan
ask PUT "$TWO" uss2 "$(body Accepted)" | say                            # conflict: 409, it names the intent in the way
OVN_TWO=$(ask PUT "$TWO" uss2 "$(body Accepted "\"$OVN_ONE\"")" | ovn) # key: uss1 gave uss2 the OVN with its details
OVN_TWO=$(ask PUT "$TWO/$OVN_TWO" uss2 "$(body Activated "\"$OVN_ONE\"")" | ovn)   # activate
ask DELETE "$TWO/$OVN_TWO" uss2 | say                                  # delete
ask DELETE "$ONE/$OVN_ONE" uss1 > /dev/null
