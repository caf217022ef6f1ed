"""Contact lists: files of recipients that a service keeps. Their files the website puts into the bucket itself."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, RawBody

from notify_core.contact_lists.add import NewContactList, UnknownAuthor
from notify_core.errors import Conflict
from notify_core.vocabulary import Channel
from notify_web.answers import Answer, json_answer
from notify_web.internal import presenters
from notify_web.internal.bodies import count, id_in_address, name, one_of_texts, parse_body
from notify_web.internal.clients import admit_admin
from notify_web.internal.refusals import Refused
from notify_web.ports import HttpRequest, ports_of
from notify_web.public.formats import uuid
from notify_web.public.schema import Field, Schema

_LISTS = "/service/{service_id:str}/contact-list"
_LIST = f"{_LISTS}/{{contact_list_id:str}}"

CONTACT_LIST = Schema(
    fields=(
        Field("id", uuid, UUID),
        Field("original_file_name", name),
        Field("row_count", count, int),
        Field("template_type", one_of_texts("email", "sms"), Channel),
        Field("created_by", uuid, UUID),
    ),
    required=("id", "original_file_name", "row_count", "template_type", "created_by"),
    open=True,
)


@post(_LISTS, sync_to_thread=True)
def add_contact_list(request: HttpRequest, body: RawBody, service_id: FromPath[str]) -> Answer:
    """Keep a list whose file is in the bucket."""
    service = id_in_address(service_id)
    admit_admin(request, service)
    ports = ports_of(request)
    form = parse_body(CONTACT_LIST, body, ports.clock())
    new = NewContactList(
        id=form["id"],
        service_id=service,
        original_file_name=form["original_file_name"],
        row_count=form["row_count"],
        channel=form["template_type"],
        created_by_id=form["created_by"],
    )
    try:
        shown = ports.notify.add_contact_list(new)
    except UnknownAuthor as error:
        raise Refused(400, {"created_by": [str(error)]}) from None
    except Conflict:
        raise Refused(409, {"id": ["There is a contact list with this id already"]}) from None
    return json_answer(presenters.contact_list(shown), 201)


@get(_LISTS, sync_to_thread=True)
def list_contact_lists(request: HttpRequest, service_id: FromPath[str]) -> Answer:
    """Show all lists of a service, newest first."""
    service = id_in_address(service_id)
    admit_admin(request, service)
    return json_answer([presenters.contact_list(one) for one in ports_of(request).notify.list_contact_lists(service)])


@get(_LIST, sync_to_thread=True)
def find_contact_list(request: HttpRequest, service_id: FromPath[str], contact_list_id: FromPath[str]) -> Answer:
    """Show one list."""
    service, wanted = id_in_address(service_id), id_in_address(contact_list_id)
    admit_admin(request, service)
    return json_answer(presenters.contact_list(ports_of(request).notify.find_contact_list(service, wanted)))


@delete(_LIST, sync_to_thread=True, status_code=204)
def remove_contact_list(request: HttpRequest, service_id: FromPath[str], contact_list_id: FromPath[str]) -> None:
    """Remove a list and its file. A body is not looked at."""
    service, wanted = id_in_address(service_id), id_in_address(contact_list_id)
    admit_admin(request, service)
    ports_of(request).notify.remove_contact_list(service, wanted)
