"""The whole life of the program, on one page: what there is, what starts, in order; stopping mirrors it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

import aniworld.access.routes
import aniworld.config.routes
import aniworld.downloads.routes
import aniworld.events.routes
import aniworld.library.bulk_routes
import aniworld.library.metadata_routes
import aniworld.library.naming_routes
import aniworld.library.routes
import aniworld.metadata.routes
import aniworld.operations.routes
import aniworld.organise.routes
import aniworld.scan.routes
import aniworld.sources.routes
from aniworld import __version__, health
from aniworld.access.guards import require_session
from aniworld.access.service import AccessService
from aniworld.api import EXCEPTION_HANDLERS, StrictRequest
from aniworld.catalog import plugins
from aniworld.catalog.service import Catalog
from aniworld.config.service import ConfigFileError, ConfigService
from aniworld.config.settings import Settings
from aniworld.db import schema
from aniworld.db.engine import Database
from aniworld.db.schema import SchemaError
from aniworld.downloads.engine import Engine
from aniworld.downloads.pipeline import EpisodePipeline
from aniworld.downloads.service import DownloadService
from aniworld.events.bus import EventBus
from aniworld.kit.errors import AppError
from aniworld.kit.mount import Mount
from aniworld.kit.net import HttpClient
from aniworld.kit.supervise import Supervisor
from aniworld.library.bulk_service import BulkService
from aniworld.library.choice_service import MetadataChoices
from aniworld.library.gallery import Gallery
from aniworld.library.loader import Loader
from aniworld.library.search_service import SearchService
from aniworld.library.service import LibraryService
from aniworld.metadata.lookup_service import MetadataServices
from aniworld.metadata.sources.api import Addresses
from aniworld.middleware import protect
from aniworld.openapi import JsonDocument, ProblemResponses, document_router
from aniworld.operations.service import Operations
from aniworld.organise.service import OrganiseService
from aniworld.scan import moved_service
from aniworld.scan.service import ScanService
from aniworld.scan.tracks import TrackListener
from aniworld.scan.unmatched_service import UnmatchedService
from aniworld.scan.watch import Watcher
from aniworld.sources.service import SourceService
from aniworld.spa import Spa, serve_spa

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that is made once, in the order in which it is made."""

    settings: Settings
    bus: EventBus
    db: Database
    config: ConfigService
    operations: Operations
    access: AccessService
    http: HttpClient
    catalog: Catalog
    metadata: MetadataServices
    library: LibraryService
    choices: MetadataChoices
    gallery: Gallery
    search: SearchService
    loader: Loader
    engine: Engine
    downloads: DownloadService
    bulk: BulkService
    scans: ScanService
    unmatched: UnmatchedService
    watcher: Watcher
    organise: OrganiseService
    sources: SourceService
    supervisor: Supervisor


def build(settings: Settings, services: Addresses | None = None) -> Parts:
    """Make the parts and tie them together. Starts nothing. ``services``: other metadata services, for tests."""
    bus = EventBus()
    db = Database(settings.url)
    config = ConfigService(settings.data_dir, bus)
    operations = Operations(bus)
    access = AccessService(db, bus, config, settings.data_dir)
    http = HttpClient(allowed_hosts=lambda: settings.trusted_hosts | set(config.current.providers.allowed_hosts))
    catalog = Catalog(settings.data_dir / "providers", http, config, plugins.installed([settings.data_dir]))
    metadata = MetadataServices(http, config, settings.data_dir / "cache", services)
    library = LibraryService(db, bus, config, catalog)
    gallery = Gallery(db, bus, config, library, settings.data_dir)
    search = SearchService(db, catalog)
    choices = MetadataChoices(db, bus, config, metadata, library)
    loader = Loader(db, bus, config, catalog, operations, library, choices)
    pipeline = EpisodePipeline(db, bus, config, catalog, http, library)
    mount = Mount(settings.data_dir)
    engine = Engine(db, bus, config, operations, pipeline, alone=db.dialect == "sqlite", is_there=mount.is_there)
    downloads = DownloadService(db, bus, config, library, engine)
    bulk = BulkService(operations, library, downloads.add_missing)
    scans = ScanService(db, bus, config, operations, library, mount)
    unmatched = UnmatchedService(db, library, scans)
    watcher = Watcher(config, bus, scans)
    organise = OrganiseService(db, bus, config, operations, library, mount.is_there, lambda: scans.lock)
    organise.followers += [moved_service.follow, downloads.follow]
    organise.previews.running = downloads.running
    listener = TrackListener(db, scans, library)
    library.is_there = mount.is_there
    library.queue_states = downloads.states_of
    library.removed = downloads.drop_series
    sources = SourceService(db, bus, config, catalog)
    supervisor = Supervisor(
        {
            "access": access.run,
            "scans": scans.run,
            "watcher": watcher.run,
            "organise": organise.run,
            "tracks": listener.run,
            "loader": loader.run,
            "gallery": gallery.run,
            "downloads": engine.run,
            "bulk": bulk.run,
            "sources": sources.run,
        }
    )
    return Parts(
        settings,
        bus,
        db,
        config,
        operations,
        access,
        http,
        catalog,
        metadata,
        library,
        choices,
        gallery,
        search,
        loader,
        engine,
        downloads,
        bulk,
        scans,
        unmatched,
        watcher,
        organise,
        sources,
        supervisor,
    )


@contextlib.asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[None]:
    """From the first row read to the last connection closed."""
    try:
        await schema.ensure(parts.settings.url, parts.settings.data_dir / "backups")
        await asyncio.to_thread(parts.config.load)
        await parts.access.load()
        await parts.catalog.load()
        await parts.sources.load()
        await parts.organise.heal()
        async with parts.supervisor.running():
            try:
                yield
            finally:
                parts.bus.close()
    finally:
        parts.bus.close()
        await parts.http.aclose()
        await parts.db.close()


def create_app(settings: Settings, services: Addresses | None = None) -> Litestar:
    """The application. ``app.state.parts`` holds what it is made of. ``services``: see :func:`build`."""
    parts = build(settings, services)

    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.spa = await asyncio.to_thread(Spa)
        try:
            async with running(parts):
                yield
        except (ConfigFileError, SchemaError, AppError) as error:
            app.state.startup_error = error  # the command tells it in a sentence
            raise

    api = Router(
        "/api",
        route_handlers=[
            aniworld.access.routes.router,
            aniworld.config.routes.router,
            aniworld.downloads.routes.router,
            aniworld.downloads.routes.download_series,
            aniworld.events.routes.router,
            *aniworld.library.routes.routers,
            aniworld.library.bulk_routes.router,
            aniworld.library.metadata_routes.router,
            aniworld.metadata.routes.router,
            aniworld.library.naming_routes.router,
            aniworld.operations.routes.router,
            aniworld.organise.routes.router,
            aniworld.scan.routes.router,
            aniworld.sources.routes.router,
        ],
        guards=[require_session],
        security=[{"bearer": []}, {"cookie": []}],
    )
    app = Litestar(
        route_handlers=[api, health.router, serve_spa],
        lifespan=[lifespan],
        request_class=StrictRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        dependencies={
            name: Provide(_constant(getattr(parts, name)), sync_to_thread=False)
            for name in (
                "bus",
                "db",
                "config",
                "operations",
                "access",
                "catalog",
                "metadata",
                "library",
                "choices",
                "gallery",
                "search",
                "loader",
                "downloads",
                "bulk",
                "scans",
                "unmatched",
                "watcher",
                "organise",
                "sources",
                "supervisor",
            )
        },
        openapi_config=OpenAPIConfig(
            title="Aniworld",
            version=__version__,
            description="Keeps an anime library whole.",
            use_handler_docstrings=True,
            render_plugins=[JsonDocument()],
            openapi_router=document_router(),
            components=Components(
                security_schemes={
                    "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
                    "cookie": SecurityScheme(type="apiKey", security_scheme_in="cookie", name="aniworld_session"),
                }
            ),
        ),
        plugins=[ProblemResponses()],
        logging_config=None,
        request_max_body_size=4 * 1024 * 1024,
    )
    # Around the routing, not behind it: an address that leads nowhere is guarded as well.
    app.asgi_handler = protect(app.asgi_handler)
    app.state.parts = parts
    app.state.access = parts.access
    return app


def _constant(value: Any) -> Any:
    def provide() -> Any:
        return value

    return provide
