"""False alarms and delays of the drift alarm, by simulation: `python -m benchmarks.drift [--update]`.

The false alarms take half an hour of one processor, the delays ten minutes, most of them for the peers. These are river and
evidently; one that is not installed is left out, and said.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.drift import false_alarms, page, power

PARTS = ("false alarms", "power")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="this part alone")
    parser.add_argument("--quick", action="store_true", help="few steps: see that it works; the figures mean nothing")
    parser.add_argument("--update", action="store_true", help="also write the tables into docs/drift.md")
    options = parser.parse_args()
    if options.update and options.quick:
        parser.error("--update writes figures that mean something, so it does not take --quick")
    tables = {}
    if options.only != "power":
        tables["false alarms"] = page.false_alarm_table(false_alarms.run(options.quick))
    if options.only != "false alarms":
        tables["delays"] = page.own_table(power.own(options.quick))
        tables["peers"] = page.compared_table(power.compared(options.quick))
    for block, table in tables.items():
        print(f"{block}\n\n{table}\n")
        if options.update:
            page.update(block, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
