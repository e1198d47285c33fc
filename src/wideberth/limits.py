"""Every limit of the house, in one file, with its reason (rules of the house, 3).

Past a limit comes a refusal that names it, never a silent cut. What a theatre may choose for itself (minima, lead
times, budgets) is policy and stands in the charter; what stands here protects the node and the arithmetic.
`docs/limits.md` is made from this file, so the text behind each figure is the documentation.
"""

from typing import Final

# what arrives
BODY_BYTES_MAX: Final = 1_048_576
"""A command with 64 volumes of 1,000 vertices in JSON is under 1 MiB; more is an attack or a mistake."""
ID_BYTES: Final = 16
"""Ids are 128 bits: UUIDs, or random."""
PARTS_MAX: Final = 16
"""Attached parts of one command: volumes, description, contacts, free text, with room to spare."""
FILE_BYTES_MAX: Final = 67_108_864
"""A file of plans on the command line: a day of a busy theatre, read into memory at once."""
NUMBER_CHARACTERS_MAX: Final = 40
"""Digits of one number in JSON: more than any double prints, too few to make arithmetic slow."""
TEXT_CHARACTERS_MAX: Final = 65_536
"""Characters of one free text: thirty pages, which one part of a body of 1 MiB still carries in any script."""
PLAN_NOTE_CHARACTERS_MAX: Final = 4_000
"""Characters of what describes a plan, and of one piece of a supplier's report: two pages."""
NAME_CHARACTERS_MAX: Final = 80
"""Names and callsigns; what fits a card of the page."""

# geometry
VERTICES_MAX: Final = 1_000
"""Vertices a ring. The exact test compares every edge pair within the distortion bound; 1,000 keep it under 10 ms."""
VOLUMES_MAX: Final = 1_024
"""Volumes of one operation: five hours of flight in slices of twenty seconds, with room."""
EXTENT_M_MAX: Final = 500_000
"""Bounding radius of one outline: the gnomonic test is proven to 1,000 km between outlines."""
PERIMETER_M_MAX: Final = 10_000_000
"""Length of one ring: three times around the largest circle. Exact work on long edges grows with it."""
RADIUS_MM_MAX: Final = 500_000_000
"""Radius of a circle; the same bound as an outline's extent."""
ALTITUDE_MM_MIN: Final = -1_000_000
"""1,000 m below the ellipsoid: lower than any ground, geoid undulation included."""
ALTITUDE_MM_MAX: Final = 100_000_000
"""100 km, above which airspace ends by any definition."""
TIME_US_MIN: Final = 0
"""1970: earlier times are a mistake of units."""
TIME_US_MAX: Final = 4_102_444_800_000_000
"""2100-01-01: later times are a mistake of units."""
DURATION_US_MAX: Final = 30 * 86_400 * 1_000_000
"""One volume's window: 30 days, the longest closure that is reviewed rather than renewed."""

# one party
OPERATIONS_LIVE_MAX: Final = 100_000
"""Live operations of one party; a national programme of drones has a tenth of it."""
QUEUE_COMMANDS_MAX: Final = 1_000
"""Commands of one party that wait for the sequencer; past it the party is told to come back (429)."""
NOT_AFTER_US_MAX: Final = 86_400 * 1_000_000
"""How far ahead an envelope's not_after may lie: ids are remembered that long."""
WATCH_KEYS_MAX: Final = 64
"""Live watch keys of one party: a roster of 24 hours with spares."""
ROOT_KEYS_MAX: Final = 7
"""Keys of an offline root (m of n)."""
CELLS_MAX: Final = 64
"""Cells of one party: squadrons, batteries, convoys that have a watch of their own."""
MESSAGES_OPEN_MAX: Final = 2_000
"""Messages of one party that are neither over nor forgotten; past it one has to be cancelled first."""
DOUBTS_MAX: Final = 8
"""Doubts of one party on one message that nobody has reviewed."""
FORM_MESSAGES_MAX: Final = 100
"""Messages printed on one form: two sheets each, more than a watch can read aloud."""
SOURCES_MAX: Final = 8
"""Sources of one location: two are asked for, and more corroborate."""
ACCURACY_MM_MAX: Final = 10_000_000
"""How inaccurate a reported place may be: past 10 km it tells nobody where something is."""
CHECKPOINTS_MAX: Final = 64
"""Checkpoints of one movement: one every half hour of a day and more."""
TOLERANCE_US_MAX: Final = 86_400 * 1_000_000
"""How late a movement may be at a checkpoint before it is overdue."""
KNOWING_MAX: Final = 64
"""Entries of one's own register that one message or constraint names."""

# one theatre
PARTIES_MAX: Final = 1_000
"""Parties of one theatre; each has a queue, a notice chain and sessions."""
DRAFTS_MAX: Final = 2
"""Proposed charters of one party that wait for their quorum: the one meant, and its correction."""
DRAFT_US: Final = 30 * 86_400 * 1_000_000
"""A proposed charter that found no quorum for so long lapses: as long as an invitation may wait."""
ISSUERS_MAX: Final = 16
"""Token issuers that a charter names; a country has one."""
AWARENESS_MM_MAX: Final = 50_000_000
"""How far off a subscription may hear of an intent: 50 km; beyond it everybody hears of everything."""
AREAS_MAX: Final = 256
"""Areas of a charter; every plan is held against each of them."""
SEPARATIONS_MAX: Final = 64
"""Rows of a charter's minima: seven classes make 28 pairs."""
LANGUAGES_MAX: Final = 16
"""Languages of a party or a charter."""
LANGUAGE_CHARACTERS_MAX: Final = 16
"""A language tag (RFC 5646) with script and region."""
PERMITS_MAX: Final = 64
"""Commands that a key's grant names; there are fewer kinds."""
RULE_US_MAX: Final = 366 * 86_400 * 1_000_000
"""Times of a charter: a year; longer is a mistake of units."""
RULE_COUNT_MAX: Final = 1_000_000_000
"""Claims and budgets of a charter; in m2 x s with every pending sum they stay far below 64 bits."""
CELL_ND_MAX: Final = 10_000_000_000
"""The cell in which a protected place shows: 10 degrees."""
PRIORITY_MAX: Final = 1_000_000
"""Priorities that a charter grants; only their order counts."""
LOCAL_OFFSET_S_MAX: Final = 18 * 3_600
"""Local time against UTC; the widest in use is 14 hours."""
PROPOSALS_MAX: Final = 32
"""Proposals of one party in one conflict: people read them all."""
LINES_MAX: Final = 200
"""Lines of one party in one conflict before it may only take back: people read them all."""

# suppliers
SUBSCRIPTION_US_MAX: Final = 86_400 * 1_000_000
"""A subscription lives a day at most (ASTM F3548-21, DSS0060; F3411-22a, DSS0060)."""
NOTICED_START_US: Final = 15_000_000
"""How long ago something new may have begun: 10 s, for clocks differ, and 5 s for the way of a request."""
RID_SUBSCRIPTIONS_MAX: Final = 10
"""Live remote identification subscriptions of one owner in an area (ASTM F3411-22a, DSS0050)."""
SUBSCRIPTIONS_MAX: Final = 200_000
"""Live subscriptions of one supplier: one an intent, and as many again."""
SUBSCRIPTIONS_IN_PLACE_MAX: Final = 200
"""Live subscriptions of one supplier that hear of one place: every write there names them all."""
KEY_MAX: Final = 10_000
"""OVNs in one key: more intents than fit any space that one intent may take."""
OVN_CHARACTERS_MAX: Final = 128
"""An OVN or version, as ASTM F3548-21 bounds it."""
URL_CHARACTERS_MAX: Final = 512
"""An address that a supplier gives."""
OVN_SUFFIX_US: Final = 60_000_000
"""How far the time in a requested OVN suffix may lie from now."""
AVAILABILITY_US: Final = 3_600_000_000
"""How long a supplier stays marked as down unless the mark is renewed."""
KEPT_DROPPED_US: Final = 60_000_000
"""What a supplier deleted is remembered this long, so that a repeated request gets its answer."""
KEPT_EXPIRED_US: Final = 3_600_000_000
"""What expired by itself can be read by its id for this long."""
VIEW_SUPPLIED_MAX: Final = 2_000
"""Suppliers' intents that a view lists; more are counted, and those in conflict with the reader's are still listed."""
SEARCH_RESULTS_MAX: Final = 10_000
"""Results of one search; past it the search is refused, never cut."""
AREA_KM2_MAX: Final = 2_500
"""Area of a search, a subscription or a service area of a supplier: fifty kilometres square, as other DSSs have it."""

# reading
PAGE_ITEMS_MAX: Final = 500
"""Items of one page of a listing; more pages follow by cursor."""
STREAMS_PER_PARTY_MAX: Final = 64
"""Open streams of one party: one a desk."""
SESSIONS_PER_PARTY_MAX: Final = 256
"""Open read sessions of one party."""
SESSION_S_MAX: Final = 3_600
"""Life of a read session; the client renews it by a new challenge."""

# time
TICK_US: Final = 5_000_000
"""The sequencer appends a tick every 5 s, so silence is news after three."""
CLOCK_STEP_US_MAX: Final = 2_000_000
"""A clock that leaves the monotonic clock by more stops the deciding."""
STATE_DIGEST_ENTRIES: Final = 10_000
"""Every so many entries one commits a digest of the whole state."""

# ledger
NOTE_SIGNATURES_MAX: Final = 64
"""Signatures on one checkpoint: the node's and its witnesses'; the signed-note specification asks for 16 or more."""
NOTE_BYTES_MAX: Final = 65_536
"""A checkpoint with 64 signatures of the known kinds takes a fifth of it."""

# deciding
OUTLINES_PER_ENTRY_MAX: Final = 64
"""Outlines drawn for the notices of one entry; a plan that meets more is told every place by point, gap and window."""
OWN_PAIRS_MAX: Final = 100
"""Plans of one party in one place, each too near to the next: more serve no flight, they only crowd others out."""
KEPT_ENDED_US: Final = 86_400 * 1_000_000
"""An ended thing and a cleared conflict stay in the state for a day, for those who look back; the ledger keeps all."""
RESERVE_BYTES: Final = 16_777_216
"""Disk kept for STOP, acknowledgement, withdrawal and revocation when the disk is full: some 10,000 such entries."""
EXPORT_RECORD_BYTES_MAX: Final = 67_108_864
"""One entry of an export with all its parts; a STOP to 1,000 parties takes a tenth of it."""

# the node
CHALLENGE_S: Final = 60
"""Life of a challenge: as long as a person takes to unlock a key."""
OPENINGS_PER_ADDRESS_MAX: Final = 300
"""Challenges and sessions that one address may ask for at once: all desks of a headquarters behind one address."""
OPENINGS_PER_MINUTE: Final = 120
"""How many more an address may ask for each minute; each session costs one verification, 60 us."""
ADDRESSES_KEPT_MAX: Final = 10_000
"""Addresses whose openings are counted; past it those that were counted first are counted anew."""
STOPS_RELAYED_PER_MINUTE: Final = 60
"""STOPs of one party that are shown to the streams before they are entries; later ones come with their entry."""
STOPS_KEPT_MAX: Final = 10_000
"""STOPs that are known again as repeats before they are entries."""
STOPS_KEPT_PER_PARTY_MAX: Final = 256
"""STOPs of one party that are kept while the node cannot enter them; so many say no more than one, and fill no disk."""
STOPS_IN_FORCE_MAX: Final = 1_000
"""STOPs of one party that nobody has taken back; everybody hears them already, and the ledger is not theirs to fill."""
STOPS_SHOUTED_MAX: Final = 256
"""STOPs that wait for one slow stream; past it the oldest is left to its entry."""
READS_WAITING_MAX: Final = 1_000
"""Reads of one party that wait for their turn; past it the party is told to come back (429)."""
GROUP_COMMANDS_MAX: Final = 256
"""Commands that share one sync of the disk; more gain nothing and let the first of them wait."""
TURN_US_MAX: Final = 8_000
"""How long commands, then reads, are worked on before the others get their turn."""
SHARED_TURN_US_MAX: Final = 2_000
"""How long a group is decided where several parties wait: about as long as the disk takes to sync it."""
CHECK_OPERATIONS_MAX: Final = 100
"""Plans of one dry run; each takes a turn of its own."""
ROOM_BYTES_MIN: Final = 33_554_432
"""Free disk below which only what is essential is decided: a write-ahead log, its copy, and room to spare."""
HEAD_BYTES_MAX: Final = 65_536
"""Head of one request: address and headers, a browser's with room to spare."""
HEAD_S_MAX: Final = 15
"""How long the head of a request may take to arrive; slower is no client."""
BODY_S_MAX: Final = 30
"""How long the body of a request may take: a megabyte over a line of 300 kbit/s."""
STREAM_SEND_S_MAX: Final = 30
"""How long one event may take to be taken off the node's hands before the stream is closed; the client resumes."""

# bearer tokens
TOKEN_CHARACTERS_MAX: Final = 8_192
"""A token with all scopes of both standards has 1,000; more is an attack, or claims that nobody needs here."""
TOKEN_LIFE_US_MAX: Final = 3_600_000_000
"""Life of a token: one that was stolen is worthless after an hour."""
TOKEN_LEEWAY_US: Final = 5_000_000
"""How far the issuer's clock may be from ours, at either end of a token's life."""
TOKENS_KEPT_MAX: Final = 10_000
"""Tokens whose signature need not be looked at again: every supplier of a continent with ten of them."""
TOKENS_REFUSED_KEPT_MAX: Final = 10_000
"""Refused tokens that are known again without a look at their signature."""
TOKEN_REFUSED_US: Final = 30_000_000
"""How long a refusal is repeated unseen: a supplier that mends its ways has a new token."""
TOKENS_REFUSED_PER_ADDRESS_MAX: Final = 60
"""Tokens that one address may have refused at once; past it nothing unknown from there is looked at (429)."""
TOKENS_REFUSED_PER_MINUTE: Final = 60
"""How many more each minute: a Retry-After of one second is then right."""
TOKENS_WAITING_MAX: Final = 100
"""Tokens that may wait for the issuer's keys to be fetched; the others are told to come back."""
ISSUER_KEYS_MAX: Final = 16
"""Keys of an issuer; one that rotates has two or three. A token that names none is held against each."""
ISSUER_KEY_BITS_MIN: Final = 2_048
"""RSA keys below are too weak (NIST SP 800-131A)."""
ISSUER_KEY_BITS_MAX: Final = 8_192
"""RSA keys above take milliseconds a signature."""
JWKS_BYTES_MAX: Final = 65_536
"""A key set of 16 keys with certificate chains takes half of it."""
JWKS_S_MAX: Final = 5
"""How long fetching the key set may take in all; it is a small file."""
JWKS_LIFE_S: Final = 300
"""After so long the keys are fetched anew: so long may one that was withdrawn still be taken."""
JWKS_AGAIN_S: Final = 30
"""Unknown keys, and failures, have the key set fetched at most every so often: a flood of made-up key ids is no flood
for the issuer."""

# the load
LOAD_PLANNERS_MAX: Final = 4_096
"""Planners of a load, each with a connection of its own: within the open files that a process may have."""
LOAD_STEP_S_MAX: Final = 86_400
"""Seconds of one step of a load: a day; every success of a step is kept in memory, 8 bytes each."""
LOAD_KEY_TRIES_MAX: Final = 50
"""How often a planner completes its key before it gives a flight up: others keep changing what is in the way."""

# sending out
USS_URL_CHARACTERS_MAX: Final = 1_000
"""An address that a supplier gives, path and query included; it is kept in the ledger with each reference."""
LOOKUP_S_MAX: Final = 5
"""How long a name may take to be looked up."""
LOOKUPS_MAX: Final = 32
"""Names looked up at once; each takes a thread for as long as a name server lets it wait."""
LOOKUPS_PER_MANAGER_MAX: Final = 4
"""Of these on one manager's word, so that names which never answer hold up only their own."""
PIN_S: Final = 300
"""How long the network addresses of a name are used before it is looked up and vetted anew: a usual time to live."""
PINS_MAX: Final = 4_096
"""Names whose network addresses are remembered; past it the one used longest ago is looked up anew."""
CONNECT_S_MAX: Final = 3
"""To connect to one network address, TLS included."""
ANSWER_GAP_S_MAX: Final = 5
"""Between two pieces of an answer; F3548-21 gives a supplier 1 s for the whole (95 of 100)."""
EXCHANGE_S_MAX: Final = 10
"""For one request and its answer, whatever drips: longer, and a hanging destination holds a worker for nothing."""
ANSWER_HEAD_BYTES_MAX: Final = 16_384
"""Head of an answer: ten times what a server sends."""
LINES_IDLE_MAX: Final = 256
"""Connections kept open for a next request; more are closed after use."""
LINE_IDLE_S_MAX: Final = 30
"""How long a connection is kept open without use; most servers close it after a minute or two."""
OWN_TOKENS_MAX: Final = 1_000
"""The node's own tokens that are kept: one for each audience and scope."""
OWN_TOKEN_BYTES_MAX: Final = 16_384
"""Answer of the issuer; a token signed with RSA takes about 1 kB."""
OWN_TOKEN_MARGIN_S: Final = 60
"""A token is exchanged so long before its end, or after three quarters of a short life: clocks differ."""
OWN_TOKEN_PAUSE_S: Final = 5
"""Where the issuer gave none it is left alone for so long."""
CHALLENGE_ANSWER_BYTES_MAX: Final = 1_048_576
"""The details of an intent, as a challenge asks for them: what a command may have."""
CHALLENGE_PASS_S: Final = 86_400
"""How long an address that passed is sent to without asking again: the longest life of a subscription."""
CHALLENGE_RETRY_FIRST_S: Final = 2
"""Wait after a first failed challenge: a supplier may still be storing the intent that it is asked for."""
CHALLENGE_RETRY_S_MAX: Final = 3_600
"""Longest wait between failed challenges of one address: an hour's silence is no attack on anybody."""
CHALLENGES_PER_MINUTE: Final = 6
"""On one manager's word, whatever addresses it names; each is two requests, so no third party can be flooded."""
CHALLENGES_AT_ONCE_MAX: Final = 12
"""Challenges that a manager's addresses may take at once, after a start of the node."""
CHALLENGES_KEPT_MAX: Final = 16_384
"""Addresses whose standing is remembered; past it the one that was asked first is asked again."""
DESTINATIONS_PER_MANAGER_MAX: Final = 64
"""Addresses of one manager that are sent to at once: one a site, with room."""
DELIVERIES_WAITING_MAX: Final = 256
"""Messages that wait for one address; past it a later one replaces the oldest about the same, or is refused."""
DELIVERIES_BYTES_MAX: Final = 134_217_728
"""Bytes of all that wait."""
DELIVERIES_PER_DESTINATION_S: Final = 50
"""Messages a second to one address, and as many at once."""
DELIVERIES_PER_MANAGER_S: Final = 100
"""Messages a second to all addresses of one manager, so that many addresses buy nothing."""
DELIVERIES_PER_S: Final = 1_000
"""Messages a second in all; the node has something better to do."""
DELIVERY_WORKERS_MAX: Final = 64
"""Requests under way in all."""
DELIVERY_WORKERS_PER_MANAGER_MAX: Final = 4
"""Requests under way to addresses of one manager: sixteen managers must hang on purpose before others wait."""
DELIVERY_RETRY_FIRST_S: Final = 1
"""Wait after a first failure; it doubles with each."""
DELIVERY_RETRY_S_MAX: Final = 300
"""Longest wait between two tries: who comes back after a repair hears within five minutes."""
DELIVERY_RETRY_AFTER_S_MAX: Final = 600
"""How far a Retry-After is followed."""
DELIVERY_GIVE_UP_S: Final = 3_600
"""A message that could not be delivered for so long is news no more; the reference itself can be asked for."""
SIGNATURE_LIFE_S: Final = 60
"""How long a signed request may be on its way; each try is signed anew."""
SKEW_S_MAX: Final = 5
"""How far two clocks may differ before it is flagged: a tick; less than any deadline by far."""
SEEN_DELIVERIES_MAX: Final = 100_000
"""Ids of deliveries that a receiver of webhooks remembers, so that it drops what comes again."""
PUSH_RECORD_BYTES: Final = 4_096
"""Record size of an encrypted push message: every push service takes as much (RFC 8291, 4)."""
PUSH_BYTES_MAX: Final = 3_993
"""What fits into one (RFC 8291, 4)."""
WEBHOOK_ANSWER_BYTES_MAX: Final = 4_096
"""Of the answer to a webhook its status alone counts."""
MAIL_S_MAX: Final = 20
"""Each step of handing a mail over: connecting, TLS, signing in, the mail."""
OWED_WAITING_MAX: Final = 2_048
"""What waits for the routes of one party; the rest is found in the state when there is room; STOP always has."""
OWED_WORKERS_MAX: Final = 64
"""Tries under way in all."""
OWED_WORKERS_PER_PARTY_MAX: Final = 4
"""Of these on routes of one party, so that routes that hang slow nobody else's."""
URGENT_WORKERS_MAX: Final = 256
"""Tries of STOP under way besides."""
URGENT_WORKERS_PER_PARTY_MAX: Final = 16
"""Of these on routes of one party: two cells with all their routes at once, and more as these answer."""
ROUTE_PER_S: Final = 5
"""What goes out on one route a second, and as many at once; STOP is not counted."""
ROUTE_RETRY_FIRST_S: Final = 2
"""Wait after a first failure on a route; it doubles with each."""
ROUTE_RETRY_S_MAX: Final = 300
"""Longest wait between tries while the route may come back: a mended mail server has its mail in five minutes."""
STOP_RETRY_S_MAX: Final = 15
"""The same for a STOP."""
ROUTE_LASTING_S: Final = 3_600
"""Wait where a route looks gone for good."""
DELIVERED_US: Final = 500_000
"""Deliveries are gathered for so long before they are told of in one entry."""
DELIVERED_KEPT_MAX: Final = 20_000
"""Deliveries that wait to be told of while the node does not decide; the oldest are dropped, and the log says so."""
ROUTE_TESTS_PER_MINUTE: Final = 6
"""Tests of its own routes that a party may ask for."""
ROUTES_MAX: Final = 8
"""Routes of one cell: two paths, a desk and a telephone each, with room."""
MAIL_CHARACTERS_MAX: Final = 254
"""A mail address (RFC 5321, 4.5.3.1.3, with its brackets)."""
DELIVERED_ROWS_MAX: Final = 64
"""Deliveries that one entry tells of; more go into the next."""

# alerts
AIRCRAFT_MAX: Final = 64
"""Addresses and callsigns of one plan: a formation, or a day of one line."""
WARNED_KEPT_MAX: Final = 1_000
"""Entries of warnings that wait while the node does not decide; the eldest go first."""
WARNINGS_PER_ENTRY_MAX: Final = 200
"""Warnings of one entry: a sweep seldom has ten."""
COT_DRAWINGS_MAX: Final = 200
"""Volumes that a client's map is told of every second: more than a screen can hold."""
ENCOUNTERS_MAX: Final = 10_000
"""Encounters that one party has filed: years of a busy theatre."""
ENCOUNTERS_A_DAY_MAX: Final = 100
"""Encounters that one party files within a day: a busy theatre has a few, and those whom they name are told of each."""
ENCOUNTERS_SHOWN_MAX: Final = 1_000
"""Encounters that one reading lists, the latest; it says how many there are in all."""
ENCOUNTER_OLD_US: Final = 90 * 86_400 * 1_000_000
"""How long ago an encounter may have been that is filed: an occurrence is analysed within three months (Regulation (EU)
376/2014, article 13); what is older belongs to a board, and one of 1970 is an invention or a mistake of units."""
ALERTS_OPEN_MAX: Final = 10_000
"""Alerts that the state keeps for a day; the eldest go first."""
ALERTS_SHOUTED_MAX: Final = 1_024
"""Alerts that wait for one slow stream, each with its newest view; past it the stream says that its reader has missed
some, and the reader asks for the picture again."""
ALERTS_CARRIED_MAX: Final = 32
"""Open alerts of one party that go on its routes at once, the eldest, of those that are warned of and of those that
happened, doubtful ones apart: more say no more in a mailbox than these, and no other kind keeps a collision out."""
ALERT_CARRIED_US: Final = 600_000_000
"""Ten minutes after its last stage an alert is no news: a node that starts again carries it no more."""

# encounters
ENCOUNTER_NAMES_MAX: Final = 4_000_000
"""Identities in recorded tracks that are searched together: each takes memory, and a month of the world has 100,000."""
ENCOUNTER_HORIZONTAL_MM_MAX: Final = 50_000_000
"""Horizontal minimum of an encounter: up to here the separation in a plane is the geodesic within a metre."""
RECORDER_WAITING_MAX: Final = 400_000
"""Reports that wait for the recorder's disk: twenty seconds at 20,000 a second; what comes then is dropped, counted."""
ENCOUNTER_VERTICAL_FT_MAX: Final = 20_000
"""Vertical minimum of an encounter: ten times the widest that is used between aircraft."""

# words
CONTACTS_MAX: Final = 64
"""Contacts of a party on its three levels, interpreters among them: eight languages around the clock and some."""
LANDMARKS_MAX: Final = 1_000
"""Landmarks of a charter, a row for each spelling: a place every 30 km over a country, 40 kB in one entry."""
LANDMARK_M_MAX: Final = 500_000
"""How far a landmark may lie for a bearing and distance from it to mean anything: 500 km, an hour's flight."""
SAID_CHARACTERS_MAX: Final = 80
"""One item of a read-back as it was said: the longest has 24 characters, with room for spaces between all of them."""
LINT_CHARACTERS_MAX: Final = 65_536
"""Characters of free text that are held against the volumes; a text that is longer is said to be unread."""
LINT_TOKENS_MAX: Final = 10_000
"""Words and figures that are looked at: as many as the longest free text has in most languages. The rest is unread."""
LINT_STATEMENTS_MAX: Final = 48
"""Figures, and places named, of one text that are compared; two pages have a third of it. The rest is unread."""
LINT_PLACES_MAX: Final = 24
"""Different landmarks of one text that are compared. The rest is said to be unread."""
CONTRADICTIONS_MAX: Final = 16
"""Contradictions that are listed, the first of them in the text: people read them all."""

# feeds
FEEDS_MAX: Final = 64
"""Feeds of one node; each is a task with a buffer of its own."""
FEED_NAME_CHARACTERS_MAX: Final = 16
"""Callsigns and categories in reports: a transponder has 8 characters, Cursor on Target any number."""
IDENTITY_CHARACTERS_MAX: Final = 64
"""An identity in a report: a UUID has 36 characters, a serial number with its maker's code 20."""
LINE_BYTES_MAX: Final = 512
"""One SBS line: 22 short fields take 130."""
EVENT_BYTES_MAX: Final = 262_144
"""One Cursor on Target event, TAK message or line of JSON: outlines in the details take tens of kilobytes."""
EVENT_ELEMENTS_MAX: Final = 4_096
"""Elements of one event, fields of one TAK message: an outline of 1,000 vertices and its looks. Each costs time."""
DOCUMENT_BYTES_MAX: Final = 33_554_432
"""One document polled over HTTP: 50,000 aircraft of 600 bytes."""
FEED_REPORTS_PER_S: Final = 25_000
"""What one feed may say in a second unless its settings allow less: a continent's receivers together have 20,000."""
FEED_WAITING_MAX: Final = 50_000
"""Reports of one feed that wait to be taken: two seconds of the busiest; past it the oldest are dropped and counted."""
FEED_CHUNK_BYTES: Final = 65_536
"""What is read of one feed before the others have their turn: 600 lines, a few milliseconds of work."""
FEED_CLIENTS_MAX: Final = 256
"""Connections to one listener: a brigade's vehicles and a staff."""
FEED_ADDRESS_CLIENTS_MIN: Final = 8
"""Connections that one address may have at any listener; at a large one it may have a quarter of the places, so that
nobody alone locks the others out."""
FEED_QUIET_S: Final = 10
"""Who has said nothing for so long makes room for a new connection where all places are taken: a device says where it
is every few seconds, and one that was closed comes again."""
FEED_FIRST_WORD_S: Final = 60
"""A connection to a listener that never said anything is closed after so long: no client is as quiet when it comes."""
FEED_CLIENT_REPORTS_PER_S: Final = 20_000
"""What one connection to a listener may say in a second; a device says one, a bridge to another server thousands."""
FEED_CLIENT_WAITING_BYTES: Final = 4_194_304
"""What waits to be sent to one connection; past it the connection is too slow and is closed. It may come again."""
FEED_DATAGRAMS_MAX: Final = 4_096
"""Datagrams of one feed that wait for their turn."""
FEED_CONNECT_S: Final = 10
"""How long a connection, its TLS, or one answer over HTTP may take."""
FEED_RETRY_FIRST_S: Final = 1
"""Wait after a first failure to connect; it doubles with each."""
FEED_RETRY_S_MAX: Final = 60
"""Longest wait between tries: a receiver that was switched on again is seen within a minute."""
FEED_SILENCE_S: Final = 15
"""Silence after which a feed is DEGRADED, unless its settings say otherwise: three ticks."""

# watch
SOURCE_STRANDS_MAX: Final = 200_000
"""Things that one source may report at once: everything that flies, ten times over; past it new ones are counted."""
TRACKS_MAX: Final = 100_000
"""Tracks of one sweep: a sweep of so many takes a fifth of a second."""
ALERTS_MAX: Final = 200_000
"""Alerts that are open at once: more than anybody reads, few enough to be kept apart by the second."""
