"""Everything but annotations, for either SDK: `PASS=... management.py URL MEDIA FOLDER NAME`.

NAME is that of a second user, whose password is the same, and part of all names.

It prints what it saw, without ids and dates, so that two runs can be compared.
"""

import argparse
import io
import json
import os
import sys
from pathlib import Path

import PIL.Image

from cvat_sdk import (
    AuthStore,
    ClientAuthParameters,
    Config,
    ProfileEntry,
    configure_client_auth_arguments,
    exceptions,
    make_client,
    make_client_from_cli,
    make_client_from_profile,
    models,
)
from cvat_sdk.core.filters import F, all_, any_, not_
from cvat_sdk.core.helpers import get_paginated_collection
from cvat_sdk.datasets import MediaDownloadPolicy, TaskDataset, UpdatePolicy


def names(found):
    return sorted(one.name for one in found)


def projects(client, media, name):
    labels = [models.PatchedLabelRequest(name="car"), models.PatchedLabelRequest(name="bus")]
    project = client.projects.create(models.ProjectWriteRequest(name=name, labels=labels))
    other = client.projects.create({"name": f"{name} other"})
    spec = models.TaskWriteRequest(name=f"{name} task", project_id=project.id, segment_size=2)
    task = client.tasks.create_from_data(spec, sorted(media.glob("*.png")), status_check_period=0.1)
    yield "labels of project", names(project.get_labels())
    yield "labels of task", names(task.get_labels())
    yield "tasks of project", names(project.get_tasks())
    yield "preview", PIL.Image.open(project.get_preview()).format
    yield "updated", project.update(models.PatchedProjectWriteRequest(name=f"{name} 2")).name
    yield "fetched", client.projects.retrieve(project.id).fetch().name
    car = next(label for label in project.get_labels() if label.name == "car")
    changed, _ = client.api_client.labels_api.partial_update(
        car.id, patched_label_request=models.PatchedLabelRequest(name="van", color="#123456")
    )
    yield "label", (changed.name, changed.color, names(task.get_labels()))
    yield from jobs(client, task)
    yield from dataset(client, task)
    yield from filters(client, name)
    task.remove()
    yield "gone", status(lambda: client.tasks.retrieve(task.id))
    client.projects.remove_by_ids([project.id, 999999, other.id])
    yield "project gone", status(project.fetch)


def status(call):
    try:
        call()
    except exceptions.ApiException as error:
        return error.status
    return None


def jobs(client, task):
    first, second = sorted(task.get_jobs(), key=lambda job: job.start_frame)
    yield "jobs", [(job.start_frame, job.stop_frame, job.state) for job in (first, second)]
    changed = first.update(models.PatchedJobWriteRequest(state=models.OperationStatus("completed")))
    yield "job", (changed.state, client.jobs.retrieve(first.id).stage, names(first.get_labels()))
    yield "frame", PIL.Image.open(second.get_frame(2, quality="original")).size
    yield "job preview", PIL.Image.open(second.get_preview()).format
    yield "meta", [frame.name for frame in second.get_frames_info()]
    chunk = io.BytesIO()
    task.download_chunk(0, chunk, quality="original")
    yield "chunk", chunk.getvalue()[:2].decode()
    task.remove_frames_by_ids([1])
    yield "deleted", task.get_meta().deleted_frames


def dataset(client, task):
    for policy in MediaDownloadPolicy:
        data = TaskDataset(client, task.id, media_download_policy=policy)
        with data.iter_samples() as samples:
            sizes = [(s.frame_index, s.frame_name, s.media.load_image().size) for s in samples]
        yield f"dataset, {policy.name}", sizes
    offline = TaskDataset(client, task.id, update_policy=UpdatePolicy.NEVER)
    yield "dataset without requests", [sample.frame_name for sample in offline.samples]


def filters(client, name):
    for told in (
        {"filter": F.name.contains(name)},
        {"filter": not_(F.name.contains("other")) & F.name.contains(name)},
        {"filter": all_(F.name.contains(name), any_(F.id < 0, F.name == f"{name} 2"))},
        {"filter": F.id.between(1, 10**6) & F.id.is_set() & {"in": [name, {"var": "name"}]}},
        {"name__contains": name, "id__gt": 0, "filter": F.name != f"{name} other"},
        {"name": f"{name} other"},
        {"search": name, "sort": "name"},
    ):
        yield f"list {sorted(told)}", names(client.projects.list(**told))
    listed = json.loads(client.projects.list(return_json=True, search=name))
    yield "as JSON", sorted(one["name"] for one in listed)
    raw = get_paginated_collection(
        client.api_client.projects_api.list_endpoint, return_json=True, search=name, page_size=1
    )
    yield "page by page", len(raw)


def organizations(client, url, name):
    slug = name[:16]
    spec = models.OrganizationWriteRequest(slug=slug, name="Lab")
    organization = client.organizations.create(spec)
    yield "organization", (organization.owner.username, organization.update({"name": "L"}).name)
    with client.organization_context(slug):
        shared = client.projects.create({"name": f"{name} shared"})
        yield "shared", names(client.projects.list())
        members, _ = client.api_client.memberships_api.list()
        yield "members", [(one.user.username, str(one.role)) for one in members.results]
        invited, _ = client.api_client.invitations_api.list()
        yield "invited", invited.count
    with client.organization_context(""):
        yield "private", names(client.projects.list(search="shared"))
    yield from people(client, url, name, slug, shared)
    yield "found", slug in [one.slug for one in client.organizations.list()]
    shared.remove()
    organization.remove()
    yield "organization gone", status(organization.fetch)


def people(client, url, name, slug, shared):
    """Somebody else is invited, works, and is removed."""
    with make_client(url, credentials=(name, os.environ["PASS"])) as other:
        yield "strangers", status(lambda: other.projects.retrieve(shared.id))
        asked = models.InvitationWriteRequest(role=models.RoleEnum("worker"), email=name)
        invite = client.api_client.invitations_api
        invitation, _ = invite.create(asked, org=slug)
        yield "invitation", (str(invitation.role), invitation.user.username, invitation.accepted)
        theirs, _ = other.api_client.invitations_api.list()
        yield "theirs", [one.organization_info.slug == slug for one in theirs.results]
        accepted, _ = other.api_client.invitations_api.accept(invitation.key)
        yield "accepted", accepted.organization_slug == slug
        with other.organization_context(slug):
            seen = names(other.projects.list())
            yield "worker", (seen, status(lambda: other.projects.create({"name": "x"})))
            members = client.api_client.memberships_api
            found, _ = members.list(user=name, org=slug)
            role = models.PatchedMembershipWriteRequest(role=models.RoleEnum("maintainer"))
            changed, _ = members.partial_update(
                found.results[0].id, patched_membership_write_request=role
            )
            yield "maintainer", (str(changed.role), names(other.projects.list()))
            colleagues = sorted(one.username for one in other.users.list())
            yield "colleagues", colleagues
            members.destroy(changed.id)
            yield "removed", status(other.projects.list)


def accounts(client, url, folder):
    me = client.users.retrieve_current_user()
    yield "me", (me.username, client.users.retrieve(me.id).username)
    yield "renamed", me.update(models.PatchedUserRequest(first_name="Ann")).first_name
    auth = client.api_client.auth_api
    token, _ = auth.create_access_tokens(models.AccessTokenWriteRequest(name="one"))
    found, _ = auth.retrieve_access_tokens(token.id)
    yield "token", (found.name, found.read_only)
    store = AuthStore(folder / "auth.json")
    store.put_profile("hub", ProfileEntry(url, token.value, "2026-01-01"))
    yield "default", store.get_default_profile()[0]
    with make_client_from_profile(store.get_profile("hub")) as other:
        yield "by profile", other.users.retrieve_current_user().username
    parser = argparse.ArgumentParser()
    configure_client_auth_arguments(parser)
    for arguments in (parser.parse_args([]), ClientAuthParameters(profile="hub")):
        with make_client_from_cli(arguments, store=store) as other:
            yield "by command line", other.users.retrieve_current_user().username
    auth.destroy_access_tokens(token.id)
    with make_client_from_profile(store.get_profile("hub")) as other:
        yield "revoked", status(other.users.retrieve_current_user)


def main(url, media, folder, name):
    store = folder / name
    store.mkdir(mode=0o700)
    with make_client(url, credentials=("admin", os.environ["PASS"])) as client:
        client.config = Config(cache_dir=store / "cache", status_check_period=0.1)
        seen = [
            *projects(client, media, name),
            *organizations(client, url, name),
            *accounts(client, url, store),
        ]
    print(json.dumps(seen, default=list).replace(name, "NAME"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
