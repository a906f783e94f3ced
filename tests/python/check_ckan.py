"""Uses a running platform through PyPI's ckanapi, as a CKAN harvester and a
data user would.

    python check_ckan.py http://127.0.0.1:8080
"""

import hashlib
import sys
import urllib.request

from ckanapi import RemoteCKAN
from ckanapi.errors import CKANAPIError, NotAuthorized, NotFound, ValidationError

faults: list[str] = []


def must(holds: bool, text: str) -> None:
    if not holds:
        faults.append(text)


def refused(error: type[Exception], text: str, act) -> None:
    try:
        act()
    except error:
        return
    except CKANAPIError as other:
        faults.append(f"{text}: {other!r}")
        return
    faults.append(f"{text}: was not refused")


def check_catalog(portal: RemoteCKAN) -> dict:
    call = portal.action
    must(call.site_read() is True, "site_read")
    must("ckan_version" in call.status_show(), "status_show")
    names = call.package_list()
    must(len(names) > 0, "no dataset is open")
    package = call.package_show(id=names[0])
    must(package["name"] == names[0], "package_show answers another package")
    must(call.package_show(id=package["id"])["name"] == names[0], "package_show by id")
    found = call.package_search(q="", rows=1000, **{"facet.field": ["organization", "groups", "res_format"]})
    must(found["count"] == len(names), "package_search and package_list differ")
    must(sum(found["facets"]["organization"].values()) == found["count"], "facets do not add up")
    title = package["title"]
    must(any(p["id"] == package["id"] for p in call.package_search(q=title)["results"]), "a title does not find its dataset")
    must(call.package_search(fq=f"name:{package['name']}")["count"] == 1, "fq by name")
    owner = call.organization_show(id=package["organization"]["name"], include_datasets=True)
    must(any(p["id"] == package["id"] for p in owner["packages"]), "organization_show lacks its dataset")
    must(package["organization"]["name"] in call.organization_list(), "organization_list")
    must(package["groups"][0]["name"] in call.group_list(), "group_list")
    must(call.license_list()[0]["id"] == package["license_id"], "license_list")
    must(len(call.current_package_list_with_resources(limit=1)) == 1, "current_package_list_with_resources")
    call.tag_list()
    return package


def check_files(portal: RemoteCKAN, package: dict) -> None:
    for resource in package["resources"]:
        must(portal.action.resource_show(id=resource["id"])["url"] == resource["url"], "resource_show")
        with urllib.request.urlopen(resource["url"], timeout=60) as answer:
            body = answer.read()
        must(len(body) == resource["size"], f"{resource['format']}: size differs")
        must(hashlib.sha256(body).hexdigest() == resource["hash"], f"{resource['format']}: checksum differs")


def check_rows(portal: RemoteCKAN, package: dict) -> int:
    call = portal.action
    table = next(r["id"] for r in package["resources"] if r["datastore_active"])
    fields = [f["id"] for f in call.datastore_info(id=table)["fields"]]
    first = call.datastore_search(resource_id=table, limit=3)
    must([f["id"] for f in first["fields"]] == ["_id", *fields], "datastore fields differ from datastore_info")
    second = call.datastore_search(resource_id=table, limit=3, offset=3)
    must(not {r["_id"] for r in first["records"]} & {r["_id"] for r in second["records"]}, "pages overlap")
    if first["records"]:
        item = next((f["id"] for f in first["fields"][1:] if f["type"] == "text" and first["records"][0][f["id"]]), None)
        if item:
            value = first["records"][0][item]
            same = call.datastore_search(resource_id=table, filters={item: value}, fields=[item], limit=5)
            must(same["total"] >= 1 and all(r[item] == value for r in same["records"]), "a filter lets other rows through")
            last = call.datastore_search(resource_id=table, sort=f"{item} desc", fields=[item], limit=2)["records"]
            must(last == sorted(last, key=lambda r: r[item] or "", reverse=True), "sort desc")
            hits = call.datastore_search(resource_id=table, q=value, limit=1)
            must(hits["total"] >= 1, "q finds nothing")
    return first["total"]


def check_refusals(portal: RemoteCKAN, package: dict) -> None:
    call = portal.action
    refused(NotFound, "an unknown package", lambda: call.package_show(id="there-is-no-such-package"))
    refused(ValidationError, "a call without id", lambda: call.package_show())
    refused(NotAuthorized, "writing", lambda: call.package_create(name="mine"))
    table = package["resources"][0]["id"]
    refused(CKANAPIError, "an unknown column", lambda: call.datastore_search(resource_id=table, filters={"no_such": "1"}))


def main() -> int:
    base = sys.argv[1].rstrip("/")
    rows = 0
    for get_only in (False, True):
        with RemoteCKAN(base, get_only=get_only) as portal:
            if get_only:
                must(len(portal.action.package_list()) > 0, "package_list by GET")
                continue
            package = check_catalog(portal)
            check_files(portal, package)
            rows = check_rows(portal, package)
            check_refusals(portal, package)
    for line in faults:
        print("fault:", line)
    print(f"CKAN: {package['name']} with {rows} rows, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
