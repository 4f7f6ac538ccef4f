"""Lists of orders through the front door: rows 11 and 36 to 39 of the reference's §2, every filter, every order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from kvitt.orders.flows import lists

UNKNOWN = "00000000-0000-4000-8000-000000000000"
SORTS = ("created_at", "-created_at", "updated_at", "-updated_at", "amount", "-amount")


def line(line_id: int, gross: int, **more: Any) -> dict[str, Any]:
    return {"line_id": line_id, "id": f"sku-{line_id}", "gross_amount": gross, "tax_lines": [], **more}


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return ids_of(answer.json())


def ids_of(page: dict[str, Any]) -> list[str]:
    return [order["id"] for order in page["orders"]]


@pytest.fixture
def root(shop):
    return f"{shop.shopping}/orders"


@pytest.fixture
def make(shop, root):
    """Makes an order of one line of this amount."""

    async def made(gross: int = 100, *, options: dict[str, Any] | None = None, **order: Any) -> dict[str, Any]:
        body = {"order": {"currency": "NOK", "items": [line(1, gross)], **order}}
        answer = await shop.post(root, body | ({"options": options} if options is not None else {}))
        assert answer.status_code == 200, answer.text
        return answer.json()

    return made


@pytest.fixture
def listed(shop, root) -> Callable[..., Any]:
    """The ids that a list answers; `__` in the name of a parameter stands for a point."""

    async def ask(path: str = root, **params: Any) -> list[str]:
        return ids(await shop.get(path, params={name.replace("__", "."): value for name, value in params.items()}))

    return ask


async def walk(shop, path: str, **params: Any) -> AsyncIterator[dict[str, Any]]:
    """Every page's answer."""
    while True:
        answer = await shop.get(path, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        if "starting_after" not in page:
            return
        assert page["paging_token"] == page["starting_after"]
        params["starting_after"] = page["starting_after"]


async def operate(shop, order: dict[str, Any], verb: str, amount: int) -> None:
    path = f"{shop.shopping}/orders/{order['id']}/{verb}"
    answer = await shop.post(path, {"items": [{"line_id": 1, "amount": amount}]})
    assert answer.status_code == 200, answer.text


# -- pages ----------------------------------------------------------------------------------------------------------


async def test_orders_are_listed_newest_first_ten_at_a_time(shop, root, make):
    made = [(await make())["id"] for _ in range(12)]
    first = await shop.get(root)
    assert ids(first) == made[:1:-1]
    assert "total-count" not in first.headers
    second = await shop.get(root, params={"starting_after": first.json()["starting_after"], "total": "true"})
    assert ids(second) == made[1::-1]
    assert second.headers["total-count"] == "12"
    assert second.json().keys() == {"orders"}


async def test_a_listed_order_is_answered_as_it_is_alone(shop, root, make):
    order = await make(order_id="A-1", options={"split_draft": False}, customer={"id": "c"}, store={"id": "s"})
    await operate(shop, order, "authorizations", 60)
    alone = (await shop.get(f"{root}/A-1")).json()
    for path in (root, f"{shop.shopping}/stores/s/orders", f"{shop.shopping}/customers/c/orders"):
        assert (await shop.get(path)).json() == {"orders": [alone]}
        assert (await shop.get(f"{path}/A-1")).json() == (await shop.get(f"{path}/{order['id']}")).json() == alone
    whole = (await shop.get(f"{root}/A-1", params={"include_events": "true"})).json()
    assert len(whole["events"]) == 2
    for path in (root, f"{shop.shopping}/stores/s/orders", f"{shop.shopping}/customers/c/orders"):
        assert (await shop.get(path, params={"include_events": "true"})).json() == {"orders": [whole]}
        assert (await shop.get(f"{path}/A-1", params={"include_events": "true"})).json() == whole


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_neither_skip_nor_repeat_while_orders_come_and_change(shop, root, make, sort):
    """What does not change is seen once, in order, though others come and move; amounts are equal, and ids decide."""
    still = [(await make(amount))["id"] for amount in (100, 300, 100, 200, 100, 300, 100)]
    moving, coming = [await make(200) for _ in range(3)], [100, 150, 300, 50]
    seen: list[dict[str, Any]] = []
    async for page in walk(shop, root, sort=sort, limit=2):
        assert 1 <= len(page["orders"]) <= 2
        seen += page["orders"]
        if coming:
            await make(coming.pop())
        if moving:
            await operate(shop, moving.pop(), "authorizations", 200)
    by = sort.removeprefix("-").replace("amount", "net_amount")
    keys = [(order[by], order["id"]) for order in seen if order["id"] in still]
    assert sorted(id for _, id in keys) == sorted(still)
    assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_an_order_that_changes_is_not_missed_where_the_latest_change_comes_last(shop, root, make):
    made = {(await make())["id"] for _ in range(6)}
    last = await make()
    seen: set[str] = set()
    async for page in walk(shop, root, sort="updated_at", limit=2):
        seen |= {order["id"] for order in page["orders"]}
        if last is not None:
            await operate(shop, last, "authorizations", 100)
            last = None
    assert made < seen
    assert len(seen) == 7


async def test_the_token_of_another_order_or_of_drafts_is_refused(shop, root, make):
    await asyncio.gather(make(), make())
    tokens = {
        sort: (await shop.get(root, params={"sort": sort, "limit": 1})).json()["starting_after"] for sort in SORTS
    }
    for sort in SORTS:
        for of, token in tokens.items():
            answer = await shop.get(root, params={"sort": sort, "starting_after": token})
            assert (answer.status_code == 200) == (sort == of), answer.text
            if sort != of:
                assert answer.json()["error"]["message"].startswith("starting_after: the token is of a list sorted by")


async def test_a_page_of_large_orders_is_shorter_and_none_is_left_out(shop, root, make, monkeypatch):
    made = [(await make(metadata={"note": "x" * (5_000 if n % 3 else 50)}))["id"] for n in range(14)]
    monkeypatch.setattr(lists, "MOST_SIZE", 12_000)
    pages = [ids_of(page) async for page in walk(shop, root, sort="created_at", limit=100)]
    assert [id for page in pages for id in page] == made
    assert 1 < len(pages) < 14
    monkeypatch.setattr(lists, "MOST_SIZE", 1)
    assert [ids_of(page) async for page in walk(shop, root, sort="created_at")] == [[id] for id in made]


@pytest.mark.parametrize("limit", [1, 10, 11, 12, 13, 100])
async def test_the_last_page_has_no_token_whatever_the_limit(shop, root, make, limit):
    made = [(await make())["id"] for _ in range(12)]
    pages = [ids_of(page) async for page in walk(shop, root, sort="created_at", limit=limit)]
    assert pages == [made[start : start + limit] for start in range(0, 12, limit)]


# -- filters --------------------------------------------------------------------------------------------------------


async def test_orders_are_listed_by_status_and_payment_status(shop, listed, make):
    open_, closed, cancelled, paid = [(await make()) for _ in range(4)]
    await shop.post(f"{shop.shopping}/orders/{closed['id']}/close")
    await shop.post(f"{shop.shopping}/orders/{cancelled['id']}/cancel")
    for verb in ("authorizations", "captures"):
        await operate(shop, paid, verb, 100)
    assert await listed(status="closed") == [closed["id"]]
    assert await listed(status="closed,cancelled") == await listed(status=["closed", "cancelled"])
    assert await listed(status="closed,cancelled") == [cancelled["id"], closed["id"]]
    assert await listed(payment_status="paid") == [paid["id"]]
    assert await listed(payment_status="paid", status="closed") == []
    assert await listed(status="open", sort="created_at") == [open_["id"], paid["id"]]


async def test_orders_are_listed_by_amount_and_moments_with_their_bounds(shop, listed, make):
    small, middle, large = [await make(amount) for amount in (100, 200, 300)]
    await operate(shop, small, "authorizations", 100)
    changed = (await shop.get(f"{shop.shopping}/orders/{small['id']}")).json()["updated_at"]
    assert await listed(amount__gte=200) == [large["id"], middle["id"]]
    assert await listed(amount__lte=200) == [middle["id"], small["id"]]
    assert await listed(amount__gte=200, amount__lte=200) == [middle["id"]]
    assert await listed(amount__gte=101, amount__lte=199) == []
    assert await listed(created_at__gte=middle["created_at"]) == [large["id"], middle["id"]]
    assert await listed(created_at__lte=middle["created_at"], sort="created_at") == [small["id"], middle["id"]]
    assert await listed(updated_at__gte=changed) == [small["id"]]
    assert await listed(updated_at__lte=middle["updated_at"]) == [middle["id"]]


async def test_orders_are_listed_by_number_customer_and_store(shop, listed, make):
    own = {"split_draft": False}
    first = await make(order_id="a-1", options=own, customer={"id": "kari"}, store={"id": "oslo"})
    second = await make(order_id="A-1", options=own, customer={"customer_id": "ola"}, store={"id": "bergen"})
    third = await make(customer={"id": "ola"})
    assert await listed(order_id="a-1") == [first["id"]]
    assert await listed(order_id=["A-1", third["id"]]) == [third["id"], second["id"]]
    assert await listed(order_id=f"a-1,{second['id']}") == [second["id"], first["id"]]
    assert await listed(order_id=["a", "1", UNKNOWN]) == []
    assert await listed(customer_id="ola") == [third["id"], second["id"]]
    assert await listed(customer_id="kari,ola", store_id=["oslo", "bergen"]) == [second["id"], first["id"]]
    assert await listed(customer_id="OLA") == await listed(store_id="os") == []


async def test_orders_are_listed_by_itinerary_and_discount_type(listed, make):
    leg = {"travel_mode": "CUSTOM", "departure_address": {"id": "NSR:1", "name": "Oslo S"},
           "arrival_address": {"name": "Åndalsnes", "address_line": "Havnegata 2, kai 1"}}  # fmt: skip
    trip = await make(itinerary=[leg])
    back = await make(itinerary={"legs": [{"travel_mode": "BUS", "departure_address": {"name": "Åndalsnes"}}]})
    cheap = await make(items=[line(1, 100, discount_lines=[{"amount": 10, "discount_type": "periodic"}])])
    assert await listed(itinerary_travel_mode="custom") == [trip["id"]]
    assert await listed(itinerary_travel_mode=["BUS", "CUSTOM"]) == [back["id"], trip["id"]]
    assert await listed(itinerary_departure_address="åndalsnes") == [back["id"]]
    assert await listed(itinerary_arrival_address="andalsnes") == [trip["id"]]
    assert await listed(itinerary_arrival_address="Havnegata 2, kai 1") == [trip["id"]]
    assert await listed(itinerary_departure_address="nsr:1", itinerary_travel_mode="custom") == [trip["id"]]
    assert await listed(itinerary_departure_address="Oslo", itinerary_arrival_address="Havnegata") == []
    assert await listed(items_discount_lines_discount_type="periodic,manual") == [cheap["id"]]
    assert await listed(items_discount_lines_discount_type="manual") == []


async def test_orders_are_searched_by_the_beginnings_of_words(listed, make):
    customer = {"first_name": "Kåre", "last_name": "Ærlig", "email": "kare@example.org", "phone_number": "+4791234567"}
    chair = await make(items=[line(1, 100, description="Stablestol for utendørs bruk")], customer=customer)
    table = await make(items=[line(1, 100, description="Bord")], customer={**customer, "email": "x@example.org"})
    both = [table["id"], chair["id"]]
    assert await listed(search="stable") == await listed(search="UTENDORS stol kare".replace("stol", "sku")) == both[1:]
    assert await listed(search="kare aerl") == await listed(search=["kåre", "æ"]) == both
    assert await listed(search="kare@exam") == [chair["id"]]
    assert await listed(search="912 34 567") == await listed(search="example.org") == both
    assert await listed(search=table["id"][:13]) == await listed(search=table["id"]) == [table["id"]]
    assert await listed(search="stable bord") == await listed(search="tol") == []
    assert await listed(search="kare", amount__gte=100, status="open", customer_id="none") == []


async def test_an_order_is_found_by_what_it_holds_now(shop, listed, make):
    order = await make(external_ids={"pms": "first"}, itinerary=[{"travel_mode": "BUS"}])
    path = f"{shop.shopping}/orders/{order['id']}"
    await shop.put(path, {"external_ids": {"pms": "second"}, "itinerary": [{"travel_mode": "TRAIN"}]})
    for call in ("close", "open", "cancel"):
        await shop.post(f"{path}/{call}")
    await shop.post(f"{path}/comments", {"text": "nothing to search"})
    assert (
        await listed(search="first")
        == await listed(itinerary_travel_mode="bus")
        == await listed(search="nothing")
        == []
    )
    assert await listed(search="second") == await listed(itinerary_travel_mode="train") == [order["id"]]


async def test_lines_that_a_draft_adds_and_replaces_are_found(shop, listed, make):
    order = await make(items=[line(1, 100, description="chair")])

    async def complete(description: str, line_id: int, **options: Any) -> None:
        body = {"order": {"currency": "NOK", "items": [line(line_id, 50, description=description)]}}
        draft = await shop.post(
            f"{shop.shopping}/draft_orders", body | {"options": {"order_id": order["id"], **options}}
        )
        answer = await shop.put(f"{shop.shopping}/draft_orders/{draft.json()['id']}/complete", {})
        assert answer.status_code == 200, answer.text

    await complete("table", 2)
    assert await listed(search="chair table") == await listed(amount__gte=150) == [order["id"]]
    await complete("lamp", 3, replace="order")
    assert await listed(search="chair") == await listed(amount__gte=51) == []
    assert await listed(search="lamp") == [order["id"]]


# -- nonsense -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "shipped"),
        ("status", "open,"),
        ("status", ""),
        ("payment_status", "authorized"),
        ("created_at.gte", "yesterday"),
        ("created_at.lte", "2026-07-01T00:00:00"),
        ("updated_at.gte", "2026-07-01"),
        ("updated_at.lte", "0001-01-01T00:00:00+14:00"),
        ("amount.gte", "1.5"),
        ("amount.gte", "1000000000000"),
        ("amount.lte", "-1000000000000"),
        ("amount.lte", "9" * 400),
        ("order_id", ""),
        ("order_id", "a,,b"),
        ("order_id", "x" * 101),
        ("order_id", ",".join(str(n) for n in range(101))),
        ("customer_id", "x" * 101),
        ("search", ""),
        ("search", " -.:'& "),
        ("search", "x" * 201),
        ("search", "a b c d e f g h i j k"),
        ("itinerary_travel_mode", ""),
        ("itinerary_arrival_address", " "),
        ("itinerary_departure_address", "x" * 256),
        ("items_discount_lines_discount_type", ","),
        ("sort", "price"),
        ("sort", "+amount"),
        ("sort", "-amount,created_at"),
        ("limit", "0"),
        ("limit", "101"),
        ("starting_after", UNKNOWN),
        ("starting_after", "-created_at.desc.5.x"),
        ("starting_after", "created_at.desc.-5.x"),
        ("starting_after", "created_at.desc." + "9" * 18 + ".x"),
        ("starting_after", "amount.desc.5.x"),
        ("include_events", "perhaps"),
        ("total", "many"),
    ],
)
async def test_a_filter_of_nonsense_is_refused_by_its_name(shop, root, name, value):
    answer = await shop.get(root, params={name: value})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{name}:"), answer.text


@pytest.mark.parametrize("name", ["customer_id", "search", "itinerary_arrival_address", "starting_after", "sort"])
async def test_a_nul_is_refused(shop, root, name):
    assert (await shop.get(root, params={name: "a\0"})).status_code == 400


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("amount", "2", "1"),
        ("created_at", "2026-07-01T00:00:00Z", "2026-06-30T23:59:59Z"),
        ("updated_at", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00+00:01"),
    ],
)
async def test_bounds_that_leave_nothing_are_refused_by_name(shop, root, name, least, most):
    answer = await shop.get(root, params={f"{name}.gte": least, f"{name}.lte": most})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{name}.gte:")


@pytest.mark.parametrize("search", ["a & b | !c", "'", "a'b", "\\", "a:*", "it's \\'x", "%", "😀 a", "\u0130", "<->"])
async def test_a_search_is_words_whatever_it_is_written_with(shop, root, make, search):
    await make(customer={"first_name": "a b c it s x", "last_name": "i\u0307"})
    answer = await shop.get(root, params={"search": search})
    assert answer.status_code == (200 if any(letter.isalnum() for letter in search) else 400), answer.text


async def test_what_no_filter_is_called_is_ignored(listed, make):
    order = await make()
    assert await listed(colour="green", created_at="never") == [order["id"]]


# -- stores and customers -------------------------------------------------------------------------------------------


async def test_a_store_s_and_a_customer_s_lists_hold_their_own_and_take_the_filters(shop, listed, make):
    oslo = await make(100, store={"id": "oslo"}, customer={"id": "k/1 å"})
    bergen = await make(200, store={"id": "bergen"}, customer={"id": "k/1 å"})
    await make(300)
    stores, customer = f"{shop.shopping}/stores", f"{shop.shopping}/customers/k%2F1%20%C3%A5/orders"
    assert await listed(f"{stores}/oslo/orders") == [oslo["id"]]
    assert await listed(f"{stores}/nowhere/orders") == []
    assert await listed(f"{stores}/oslo/orders", customer_id="k/1 å", amount__lte=100) == [oslo["id"]]
    assert await listed(f"{stores}/oslo/orders", store_id="bergen") == [oslo["id"]]
    assert await listed(customer, sort="amount") == [oslo["id"], bergen["id"]]
    assert await listed(customer, store_id="bergen", status="open") == [bergen["id"]]
    assert (await shop.get(f"{customer}/{bergen['id']}")).json()["id"] == bergen["id"]
    paged = await shop.get(customer, params={"limit": 1, "total": "true"})
    assert paged.headers["total-count"] == "2"
    following = {"limit": 1, "starting_after": paged.json()["starting_after"]}
    assert ids(await shop.get(customer, params=following)) == [oslo["id"]]
    answer = await shop.get(f"{stores}/{'x' * 101}/orders")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("store_id:")


async def test_the_orders_of_a_split_draft_are_their_stores_own(shop, listed):
    items = [line(1, 100, store={"id": "oslo"}), line(2, 200, store={"id": "bergen"})]
    body = {"order": {"currency": "NOK", "items": items}, "options": {"split_draft": True}}
    draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
    made = (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})).json()["orders"]
    for order in made:
        assert await listed(f"{shop.shopping}/stores/{order['store']['id']}/orders") == [order["id"]]


async def test_another_s_order_and_no_order_are_refused_alike(shop, make):
    other = await make(store={"id": "bergen"}, customer={"id": "ola"})
    bare = await make()
    for owner in ("stores/oslo", "customers/kari"):
        noun, name = owner.split("/")
        for id in (other["id"], bare["id"], UNKNOWN, "x"):
            answer = await shop.get(f"{shop.shopping}/{owner}/orders/{id}")
            assert answer.status_code == 404
            assert answer.json()["error"]["message"] == f"{noun[:-1]} {name} has no order {id}"


async def test_a_path_scope_opens_one_store_alone(server, shop, make):
    order = await make(store={"id": "oslo"})
    scopes = ["read:shopping:/stores/oslo/orders", "read:shopping:/stores/oslo/orders/ANY"]
    client, secret = await server.app.accounts.create_client(shop.account_id, "Oslo", scopes)
    token = await shop.http.post(
        f"/v1/accounts/{shop.account_id}/auth/token",
        auth=(client.client_id, secret),
        json={"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{shop.account_id}"},
    )
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    for path in ("stores/oslo/orders", f"stores/oslo/orders/{order['id']}"):
        assert (await shop.get(f"{shop.shopping}/{path}", headers=headers)).status_code == 200
    for path in ("orders", "stores/bergen/orders", f"orders/{order['id']}", "customers/oslo/orders"):
        assert (await shop.get(f"{shop.shopping}/{path}", headers=headers)).status_code == 403


async def test_lists_show_the_account_s_own_orders_alone(shop, server, root, make):
    order = await make(store={"id": "s"}, customer={"id": "c", "last_name": "Nordmann"})
    token = (await shop.get(root, params={"limit": 1})).json().get("starting_after", "created_at.desc.9.x")
    async with server.shop(f"T{int(shop.account_id[1:]) + 10_000_000:08d}", scopes=["read:shopping"]) as stranger:
        for path, params in [
            ("orders", {}),
            ("orders", {"search": "nordmann"}),
            ("orders", {"order_id": order["id"]}),
            ("orders", {"starting_after": token}),
            ("stores/s/orders", {}),
            ("customers/c/orders", {}),
        ]:
            assert (await stranger.get(f"{stranger.shopping}/{path}", params=params)).json() == {"orders": []}
        assert (await stranger.get(f"{stranger.shopping}/stores/s/orders/{order['id']}")).status_code == 404
        assert (await stranger.get(root)).status_code == 403
