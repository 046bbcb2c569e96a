"""The set-up does what is needed and no more, and the count of the tests leaves nothing out."""

from __future__ import annotations

import sys
from pathlib import Path

import prepare
import pytest
import verify
from verify import Count, Part

REPORT = """<testsuites><testsuite tests="4">
<testcase name="good"/>
<testcase name="bad"><failure message="no"/></testcase>
<testcase name="broken"><error message="no"/></testcase>
<testcase name="passed over"><skipped/></testcase>
</testsuite></testsuites>"""


def command(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_what_was_skipped_has_not_passed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert verify.read(report) == Count(passed=1, failed=3)


@pytest.mark.parametrize(
    ("code", "content", "expected"),
    [
        ("", "<testsuite><testcase/><testcase/></testsuite>", Count(passed=2)),
        ("raise SystemExit(1)", "<testsuite><testcase/></testsuite>", Count(passed=1, failed=1)),
        ("", "<testsuite></testsuite>", Count(failed=1)),
        ("", None, Count(failed=1)),
    ],
    ids=["good", "failed although every test passed", "no test", "no report"],
)
def test_a_run_of_tests_is_counted(tmp_path: Path, code: str, content: str | None, expected: Count) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)  # of an earlier run: it must not count
    if content is not None:
        code = f"from pathlib import Path; Path({str(report)!r}).write_text({content!r}); {code}"
    assert verify.run(Part("tests", command(code), tmp_path, report), {}) == expected


@pytest.mark.parametrize(("code", "expected"), [("", Count(passed=1)), ("raise SystemExit(2)", Count(failed=1))])
def test_a_check_counts_as_one(tmp_path: Path, code: str, expected: Count) -> None:
    assert verify.run(Part("check", command(code), tmp_path), {}) == expected


def test_a_step_runs_only_when_something_has_changed(tmp_path: Path) -> None:
    made, stamp = tmp_path / "made", tmp_path / "stamps" / "made"
    runs = 0

    def make() -> None:
        nonlocal runs
        runs += 1
        made.touch()

    prepare.step("Make", made, stamp, "one", make)
    prepare.step("Make", made, stamp, "one", make)
    assert runs == 1
    prepare.step("Make", made, stamp, "two", make)
    assert runs == 2
    made.unlink()
    prepare.step("Make", made, stamp, "two", make)
    assert runs == 3


def test_a_step_that_failed_runs_again(tmp_path: Path) -> None:
    made, stamp = tmp_path / "made", tmp_path / "stamp"
    made.touch()
    stamp.write_text("one")

    def fail() -> None:
        raise SystemExit("no network")

    with pytest.raises(SystemExit):
        prepare.step("Make", made, stamp, "two", fail)
    done: list[str] = []
    prepare.step("Make", made, stamp, "one", lambda: done.append("again"))
    assert done == ["again"]


def test_the_hash_of_the_sources_knows_names_and_contents() -> None:
    papers = [prepare.ROOT / name for name in ("LICENSE", "README.md")]
    whole = prepare.digest(papers)
    assert whole == prepare.digest(reversed(papers))
    assert whole != prepare.digest(papers[:1])
    pages = {path.name for path in prepare.sources(prepare.FRONTEND)}
    assert {"package.json", "app.html", "openapi.json"} <= pages
    assert not any(name.endswith(".test.ts") for name in pages)
    assert all("node_modules" not in path.parts for path in prepare.sources(prepare.FRONTEND))
