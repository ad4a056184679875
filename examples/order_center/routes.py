"""The order center's HTTP routes: each names its parameters, calls one function, and documents what it refuses.

Invariant: no SQL and no decision about orders is made here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from examples.centers.cursors import Cursors
from examples.centers.pages import Page, Paging
from examples.centers.problems import Problem, documented, not_found
from examples.centers.wire import REQUEST_ID, Id, PathId
from examples.order_center import moving, placing, products, reading, segments
from examples.order_center.database import Database
from examples.order_center.models import (
    Checkout,
    NewCheckout,
    NewMove,
    NewProduct,
    Order,
    OrderDetail,
    Pending,
    Product,
    Receipt,
    Segment,
    SegmentMember,
)
from examples.order_center.states import Action, Status


async def _database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


async def _cursors(request: Request) -> Cursors:
    return cast(Cursors, request.app.state.cursors)


Store = Annotated[Database, Depends(_database)]
Seal = Annotated[Cursors, Depends(_cursors)]
RequestId = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=REQUEST_ID,
        description="The request id: made by the buyer's client, the same for every repetition of this request.",
        examples=["9f1c2c0e-5d0f-4a55-9b1e-8d3a86f0a1ff"],
    ),
]
SkuPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,32}$", examples=["mug-red"])]
StatusFilter = Annotated[Status | None, Query(description="Only orders that stand here.")]

checkouts = APIRouter(tags=["checkouts"])
orders = APIRouter(tags=["orders"])
stock = APIRouter(tags=["products"])
buyers = APIRouter(tags=["segments"])


@checkouts.post(
    "/members/{memberId}/checkouts",
    status_code=201,
    response_model=Checkout,
    summary="Place a cart: one order for each seller, and the stock for it, or nothing",
    responses={
        200: {"model": Checkout, "description": "This request id has placed this cart before; here it is."},
        202: {"model": Pending, "description": "Committed, and not visible everywhere yet."},
        **documented(409),
    },
)
async def place(
    member_id: Annotated[PathId, Path(alias="memberId")],
    request_id: RequestId,
    body: NewCheckout,
    response: Response,
    store: Store,
) -> Any:
    """Everything is written in one transaction. Repeat the request with the same Idempotency-Key until you have an
    answer: it places the cart once. The same key with another cart is refused (409 request-id-reused).
    503 outcome-unknown means that the commit was sent and its answer is missing: repeat, with the same key.
    """
    try:
        placed = await placing.place(store, placing.Placing(member_id, request_id, body))
    except placing.Uncertain as error:
        where = f"/members/{member_id}/checkouts/by-request/{request_id}"
        if error.certain:
            pending = Pending(checkout_id=error.checkout_id, request_id=request_id, location=where)
            return JSONResponse(pending.model_dump(mode="json", by_alias=True), 202, {"Location": where})
        told = "the commit was sent and its outcome is not known; send the same request with the same Idempotency-Key"
        raise Problem(503, "outcome-unknown", told, requestId=request_id, location=where) from error
    response.headers["Location"] = f"/members/{member_id}/checkouts/{placed.checkout.checkout_id}"
    if not placed.new:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return placed.checkout


@checkouts.get(
    "/members/{memberId}/checkouts/by-request/{requestId}",
    summary="What became of a request",
    responses=documented(404),
)
async def by_request(
    member_id: Annotated[PathId, Path(alias="memberId")],
    request_id: Annotated[
        str, Path(alias="requestId", pattern=REQUEST_ID, examples=["9f1c2c0e-5d0f-4a55-9b1e-8d3a86f0a1ff"])
    ],
    store: Store,
) -> Checkout:
    """The checkout this request id has placed; 404 when it has placed none so far."""
    found = await placing.find_by_request(store, member_id, request_id)
    if found is None:
        raise not_found(f"checkout of request {request_id}")
    return found


@checkouts.get("/members/{memberId}/checkouts/{checkoutId}", summary="A checkout", responses=documented(404))
async def checkout(
    member_id: Annotated[PathId, Path(alias="memberId")],
    checkout_id: Annotated[PathId, Path(alias="checkoutId")],
    store: Store,
) -> Checkout:
    """The parent with its orders; one shard."""
    found = await placing.find_checkout(store, member_id, checkout_id)
    if found is None:
        raise not_found(f"checkout {checkout_id} of member {member_id}")
    return found


@orders.get("/members/{memberId}/orders", summary="A buyer's orders, the newest first", responses=documented(400))
async def of_buyer(
    member_id: Annotated[PathId, Path(alias="memberId")],
    store: Store,
    seal: Seal,
    asked: Paging,
    status: StatusFilter = None,
) -> Page[Order]:
    """One shard, which the buyer's memberId leads to."""
    return await reading.page(store, seal, reading.listing(status, memberId=member_id), asked)


@orders.get("/sellers/{sellerId}/orders", summary="A seller's orders, the newest first", responses=documented(400))
async def of_seller(
    seller_id: Annotated[PathId, Path(alias="sellerId")],
    store: Store,
    seal: Seal,
    asked: Paging,
    status: StatusFilter = None,
) -> Page[Order]:
    """All shards, merged: a seller's orders lie with their buyers."""
    return await reading.page(store, seal, reading.listing(status, sellerId=seller_id), asked)


@orders.get("/orders", summary="Everybody's orders, the newest first", responses=documented(400))
async def of_all(store: Store, seal: Seal, asked: Paging, status: StatusFilter = None) -> Page[Order]:
    """All shards, merged page by page."""
    return await reading.page(store, seal, reading.listing(status), asked)


@orders.get("/orders/{orderId}", summary="An order by its id", responses=documented(404))
async def by_id(
    order_id: Annotated[PathId, Path(alias="orderId")],
    store: Store,
    member_id: Annotated[
        Id | None, Query(alias="memberId", description="The buyer, if known: then one shard is asked, not all.")
    ] = None,
) -> OrderDetail:
    """With items, history, and the actions that are possible now."""
    return await reading.detail(store, order_id, member_id)


@orders.post(
    "/members/{memberId}/orders/{orderId}/{action}",
    summary="Pay, ship, receive, close, cancel or refund an order",
    responses=documented(404, 409),
)
async def move(
    member_id: Annotated[PathId, Path(alias="memberId")],
    order_id: Annotated[PathId, Path(alias="orderId")],
    action: Action,
    store: Store,
    body: NewMove | None = None,
) -> Order:
    """An action that was done before answers the order as it is. One that the order's state does not allow is refused
    (409 wrong-state), with the actions that are possible. Cancel and refund put the goods back into the stock.
    """
    note = "" if body is None else body.note
    return await moving.move(store, moving.Asked(member_id, order_id, action, note))


@stock.put("/products/{sku}", summary="Offer a product, or change one's own", responses=documented(409))
async def offer(sku: SkuPath, body: NewProduct, store: Store) -> Product:
    """Orders that exist keep the title and price they were placed with."""
    return await products.offer(store, sku, body)


@stock.post("/products/{sku}/receipts", summary="Take goods into the stock", responses=documented(404, 409))
async def receive(sku: SkuPath, body: Receipt, store: Store) -> Product:
    """The same receipt counts once."""
    return await products.receive(store, sku, body)


@stock.get("/products/{sku}", summary="A product and its stock", responses=documented(404))
async def product(sku: SkuPath, store: Store) -> Product:
    """One shard, which the sku leads to."""
    return await products.get(store, sku)


@stock.get("/sellers/{sellerId}/products", summary="A seller's products by sku")
async def of_one_seller(seller_id: Annotated[PathId, Path(alias="sellerId")], store: Store) -> list[Product]:
    """At most a thousand; all shards of the stock are asked."""
    return await products.of_seller(store, seller_id)


_DAY = timedelta(days=1)


async def _until(
    as_of: Annotated[
        date | None, Query(alias="asOf", description="Orders up to the end of this day; yesterday if left out.")
    ] = None,
) -> datetime:
    if as_of is not None and not date(1000, 1, 1) <= as_of < date.max:
        raise Problem(422, "invalid-request", f"query.asOf: days lie between 1000-01-01 and {date.max - _DAY}")
    day = datetime.now(UTC).date() if as_of is None else as_of + _DAY
    return datetime.combine(day, time())


async def _scope(
    until: Annotated[datetime, Depends(_until)],
    currency: Annotated[str, Query(pattern="^[A-Z]{3}$", description="Only amounts of one currency compare.")] = "CNY",
) -> segments.Scope:
    return segments.Scope(until, currency)


Scope = Annotated[segments.Scope, Depends(_scope)]


@buyers.get("/segments", summary="Segments by recency, frequency and amount")
async def all_segments(store: Store, scope: Scope) -> list[Segment]:
    """Buyers are cut into fifths three times, over all shards in one SELECT: by their last order, by the number of
    their orders, and by what they spent. Unpaid, cancelled and refunded orders do not count.
    """
    return await segments.segments(store, scope)


@buyers.get("/segments/{segment}/members", summary="The members of a segment", responses=documented(400, 404))
async def members(
    segment: Annotated[str, Path(examples=["champions"])],
    store: Store,
    seal: Seal,
    asked: Paging,
    scope: Scope,
) -> Page[SegmentMember]:
    """Those who spent most first."""
    if segment not in segments.NAMES:
        raise Problem(404, "not-found", f"the segments are {', '.join(segments.NAMES)}")
    return await segments.members(store, seal, segments.listing(segment, scope), asked)


ROUTERS = (checkouts, orders, stock, buyers)
