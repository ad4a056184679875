"""Registering, finding, listing, changing and deactivating members."""

from __future__ import annotations

from examples.member_center.tests.conftest import ADDRESS, PASSWORD, Club


def test_a_registered_member_is_found_with_account_and_default_address(club: Club) -> None:
    new = club.new()
    answer = club.api.call("POST", "/members", new)
    assert answer.status_code == 201, answer.text
    member = answer.json()
    assert (member["name"], member["email"]) == (new["name"], new["email"])
    path = answer.headers["Location"]
    assert club.api.get(path) == member
    [address] = club.api.get(f"{path}/addresses")
    assert address == ADDRESS | {"addressId": member["defaultAddressId"]}
    [account] = club.api.get(f"{path}/accounts")
    assert account["account"] == new["account"]
    assert club.log_in(new["account"]).json() == {"memberId": member["memberId"], "accountId": account["accountId"]}


def test_registering_twice_is_registering_once(club: Club) -> None:
    new = club.new()
    first, again = (club.api.call("POST", "/members", new) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(club.api.get(f"/members/{first.json()['memberId']}/addresses")) == 1


def test_a_taken_account_is_refused_and_nothing_is_stored(club: Club) -> None:
    club.register(account="taken.by.ada")
    everybody = club.api.get("/members?page=1")["total"]
    # Full width letters and capitals are the same name.
    refused = club.api.call("POST", "/members", club.new(account="Taken.by.ADA", password="another password"))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem:account-taken")
    assert club.api.get("/members?page=1")["total"] == everybody


def test_an_account_that_many_want_at_once_has_one_owner(club: Club) -> None:
    bodies = [club.new(account="wanted", password=f"password {number}") for number in range(6)]
    answers = club.api.together([club.api.request("POST", "/members", body) for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    [winner] = [number for number, answer in enumerate(answers) if answer.status_code == 201]
    logged_in = club.log_in("wanted", f"password {winner}").json()
    assert logged_in["memberId"] == answers[winner].json()["memberId"]


def test_logins_are_refused_alike_for_unknown_names_and_wrong_passwords(club: Club) -> None:
    club.register(account="secretive")
    wrong, unknown = club.log_in("secretive", "wrong password"), club.log_in("' OR '1'='1", PASSWORD)
    assert wrong.status_code == 401
    assert wrong.json() == unknown.json()


def test_members_are_listed_page_by_page_over_all_shards(club: Club) -> None:
    made = [club.register() for _ in range(12)]
    expected = sorted(made, key=lambda one: (one["createdAt"], int(one["memberId"])), reverse=True)
    total = club.api.get("/members?page=1")["total"]
    found, cursor = [], ""
    for _ in range(total):
        page = club.api.get(f"/members?limit=5{cursor}")
        found += page["items"]
        club.register()  # newer than the page, so it shifts nothing
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found[:12] == expected
    assert len({one["memberId"] for one in found}) == len(found) == total
    second = club.api.get("/members?limit=5&page=2")
    assert second["page"] == 2
    assert len(second["items"]) == 5


def test_what_is_left_out_of_a_change_stays(club: Club) -> None:
    member = club.register(phone="+41 44 123")
    path = f"/members/{member['memberId']}"
    changed = club.api.call("PATCH", path, {"name": "Ada King"}).json()
    assert changed == member | {"name": "Ada King"}
    assert club.api.get(path) == changed
    assert club.api.call("PATCH", path, {"nmae": "Ada"}).status_code == 422
    assert club.api.call("PATCH", "/members/404", {"name": "Ada"}).status_code == 404


def test_null_takes_a_phone_away_and_is_refused_elsewhere(club: Club) -> None:
    path = f"/members/{club.register(phone='+41 44 123')['memberId']}"
    assert club.api.call("PATCH", path, {"phone": None}).json()["phone"] is None
    for field in ("name", "email"):
        refused = club.api.call("PATCH", path, {field: None})
        assert refused.status_code == 422
        assert "leave it out" in refused.json()["detail"]


def test_nobody_has_no_lists(club: Club) -> None:
    for things in ("accounts", "addresses", "companies"):
        assert club.api.get(f"/members/404/{things}", status=404)["type"] == "urn:problem:not-found"
        assert isinstance(club.api.get(f"/members/{club.register()['memberId']}/{things}"), list)


def test_who_was_deactivated_does_not_log_in(club: Club) -> None:
    member = club.register(account="leaving")
    assert club.log_in("leaving").status_code == 200
    assert club.api.call("POST", f"/members/{member['memberId']}/deactivation").is_success
    refused = club.log_in("leaving")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:problem:inactive")
    assert club.log_in("leaving", "wrong password").status_code == 401  # says nothing to who does not know it


def test_an_account_added_twice_is_added_once(club: Club) -> None:
    path = f"/members/{club.register()['memberId']}/accounts"
    body = {"account": "once.more", "password": PASSWORD}
    first, again = (club.api.call("POST", path, body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(club.api.get(path)) == 2
    assert club.api.call("POST", path, body | {"password": "another password"}).status_code == 409


def test_deactivation_keeps_its_first_time_and_stops_changes(club: Club) -> None:
    member = club.register()
    path = f"/members/{member['memberId']}"
    first, again = (club.api.call("POST", f"{path}/deactivation") for _ in range(2))
    assert first.json()["deactivatedAt"] is not None
    assert first.json() == again.json()
    refused = club.api.call("POST", f"{path}/companies", {"name": "Engines"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem:inactive")


def test_accounts_are_added_and_removed_with_their_names(club: Club) -> None:
    member, other = club.register(), club.register()
    path = f"/members/{member['memberId']}/accounts"
    body = {"account": "second.name", "password": "another password"}
    added = club.api.call("POST", path, body)
    assert added.status_code == 201
    assert club.log_in("second.name", "another password").json()["memberId"] == member["memberId"]
    assert club.api.call("POST", f"/members/{other['memberId']}/accounts", body).status_code == 409
    [first, second] = club.api.get(path)
    assert second == added.json()
    assert club.api.call("DELETE", f"{path}/{second['accountId']}").status_code == 204
    assert club.log_in("second.name", "another password").status_code == 401
    refused = club.api.call("DELETE", f"{path}/{first['accountId']}")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem:last-account")
    # The name is free again.
    assert club.api.call("POST", f"/members/{other['memberId']}/accounts", body).status_code == 201


def test_the_service_is_healthy_and_described(club: Club) -> None:
    assert club.api.get("/healthz") == {"status": "alive"}
    assert club.api.get("/readyz") == {"status": "ready", "servers": {"rds0": "ok", "rds1": "ok"}}
    described = club.api.get("/openapi.json")
    routes = [route for methods in described["paths"].values() for route in methods.values()]
    assert all(route["summary"] and route["tags"] for route in routes)
    assert "Problem" in described["components"]["schemas"]
