"""The rules of the job protocol, one line each."""

from __future__ import annotations

RULES: dict[str, str] = {
    "P1": "Submit, claim, events and finish are answered after the commit is on disk.",
    "P2": "One statement hands a job to one robot; priority (0 first), then age.",
    "P3": "The same claim_id gets the same grant again, and its lease begins anew.",
    "P4": "Every write of a robot carries job, attempt and token, and the robot's own key.",
    "P5": "No node starts before the first renewal succeeded.",
    "P6": "The agent trusts its lease for 0.9 of its time from the sending of the last good "
    "renewal, on a clock that runs in suspend; then it ends the job's processes.",
    "P7": "Expiry only allows the server to take a job back; until it does, a late result counts.",
    "P8": "The server's steady clock decides; agents are told durations.",
    "P9": "After a start or a pause of the server every live lease lasts one lease time more.",
    "P10": "Events are numbered by attempt and by job, without a hole, and stored once.",
    "P11": "A finish names the number of events and is refused until all are there.",
    "P12": "The same finish again gets the same answer.",
    "P13": "A fenced attempt ends its processes; what it still has goes to its side log.",
    "P14": "The journal is on disk before anything is called done, and deleted on acknowledgement.",
    "P15": "After a restart the agent reports what the last start left: known outcomes as they "
    "are, others as lost.",
    "P16": "A lost job waits longer each time, with full jitter, and is given up after too many.",
    "P17": "Retried: no connection, time-outs, 408, 425, 429, 5xx, undecodable bodies. Never "
    "another 4xx. Retry-After is kept.",
    "P18": "A draining or paused robot gets no job; renewals are the last thing to stop.",
    "P19": "An Idempotency-Key makes one job of any number of submits.",
    "P20": "One orchestrator to a SQLite file.",
    "P21": "One writer that shares commits; readers cannot write.",
    "P22": "After a failed sync nothing more is acknowledged and the server ends.",
    "P23": "Events of unknown types and unknown members pass.",
    "Statuses": "A terminal status is final; a result that is there beats a late cancel.",
    "Times": "Leases, start deadlines, renewals and long polls keep their times.",
    "Journal": "Torn and flipped records are noticed, a full disk leaves room for the outcome.",
    "Watchers": "History, then live, each event once; slow, late and revoked ones are sent away.",
    "Keys": "Every call needs a key with the right role; only hashes are kept; revoked means now.",
    "Limits": "What is too long, too deep or cannot be stored is refused before it is.",
    "Ladder": "Ask, SIGTERM, SIGKILL, sweep: nothing of a job is left.",
}
