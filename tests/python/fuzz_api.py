"""Sends schemathesis' examples, corner cases and seeded random input to every
operation of a running platform, as a person who has every role, and as a person
who has none. No answer may be a server error, and none may be one that
`/openapi.json` does not describe. It leaves the platform full of nonsense.

    python fuzz_api.py http://127.0.0.1:8080 [login of an administrator] [password]
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]
# signing out would end the session that the rest of the run needs, and changing
# people could take its roles away
LEFT_OUT = ["sign_out", "change_person"]
ROLES = ["administrator", "reviewer", "cataloguer", "data_manager", "approver", "applicant", "auditor"]
PASSWORD = "correct horse battery staple"
SEED = 20261121


def call(base: str, method: str, path: str, body=None, cookie: str = ""):
    request = urllib.request.Request(
        base + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Requested-With": "shuqiao", "Cookie": cookie},
    )
    with urllib.request.urlopen(request) as response:
        text = response.read()
        return json.loads(text) if text else None, response.headers


def sign_in(base: str, login: str, password: str) -> str:
    _, headers = call(base, "POST", "/api/v1/session", {"login": login, "password": password})
    return headers["Set-Cookie"].split(";")[0]


def person(base: str, admin: str, login: str, roles: list[str]) -> str:
    """The session of a person of the authority with these roles."""
    bodies, _ = call(base, "GET", "/api/v1/institutions?limit=200", cookie=admin)
    authority = next(i["id"] for i in bodies["items"] if i["kind"] == "authority")
    form = {
        "institution_id": authority,
        "name": "接口试验员",
        "login": login,
        "password": PASSWORD,
        "roles": roles,
    }
    try:
        call(base, "POST", "/api/v1/people", form, admin)
    except urllib.error.HTTPError as error:
        if error.code != 409:  # made by an earlier run
            raise
    return sign_in(base, login, PASSWORD)


def run(base: str, session: str, phases: str, examples: int) -> bool:
    arguments = ["run", f"{base}/openapi.json", "--phases", phases, "--seed", str(SEED)]
    arguments += ["--checks", ",".join(CHECKS), "--max-examples", str(examples)]
    arguments += ["--header", f"Cookie:{session}", "--header", "X-Requested-With:shuqiao"]
    arguments += ["--continue-on-failure", "--warnings", "off", "--no-color", "--request-timeout", "60"]
    arguments += ["--suppress-health-check", "all", "--generation-database", "none"]
    # the session is given; none is to be made up
    arguments += ["--generation-with-security-parameters", "false"]
    for operation in LEFT_OUT:
        arguments += ["--exclude-operation-id", operation]
    schemathesis = pathlib.Path(sys.executable).parent / "schemathesis"
    # it keeps notes in the folder where it runs
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([schemathesis, *arguments], cwd=folder, check=False).returncode == 0


def main() -> int:
    base = sys.argv[1].rstrip("/")
    login, password = (sys.argv[2:4] + ["admin", "shuqiao-demo-2026"][len(sys.argv[2:4]) :])[:2]
    admin = sign_in(base, login, password)
    everything = person(base, admin, "fuzz-everything", ROLES)
    nothing = person(base, admin, "fuzz-nothing", [])
    passed = run(base, everything, "examples,coverage,fuzzing", 10)
    passed = run(base, nothing, "examples,coverage", 1) and passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
