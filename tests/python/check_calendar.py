"""Compares rules/calendar-cn.toml, day by day, with the published package
`chinesecalendar`. Needs Python 3.11 (tomllib) and the package; the test command
makes the environment. Exits 1 and names each day that differs."""

import pathlib
import sys
import tomllib
from datetime import date, timedelta

import chinese_calendar

RULES = pathlib.Path(__file__).resolve().parents[2] / "rules" / "calendar-cn.toml"


def days(first: date, last: date):
    while first <= last:
        yield first
        first += timedelta(days=1)


def main() -> int:
    years = tomllib.loads(RULES.read_text(encoding="utf-8"))["years"]
    off, worked, covered = set(), set(), []
    for year in years:
        covered.append(year["year"])
        for holiday in year["holidays"]:
            first, last = (date.fromisoformat(d) for d in holiday["days"])
            off.update(days(first, last))
            worked.update(date.fromisoformat(d) for d in holiday.get("work", []))

    differences = compared = 0
    for year in covered:
        for day in days(date(year, 1, 1), date(year, 12, 31)):
            ours = day in worked or (day.weekday() < 5 and day not in off)
            theirs = chinese_calendar.is_workday(day)
            compared += 1
            if ours != theirs:
                differences += 1
                print(f"{day} {day:%a}: rules say {'work' if ours else 'off'}, the package says the opposite")
    if compared == 0:
        print("nothing was compared: the calendar file lists no years")
        return 1
    print(f"{compared} days of {covered[0]}-{covered[-1]} compared, {differences} differ")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
