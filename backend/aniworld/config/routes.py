"""The configuration over HTTP."""

from typing import Any

from litestar import Router, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from aniworld.config.schemas import AppConfig, Section, SectionName, Validation
from aniworld.config.service import ConfigService


@get("/", operation_id="getConfig", summary="The whole configuration")
async def get_config(config: NamedDependency[ConfigService]) -> AppConfig:
    """What holds now."""
    return config.shown()


@put("/", operation_id="putConfig", summary="Replace the configuration")
async def put_config(config: NamedDependency[ConfigService], data: JSONBody[AppConfig]) -> AppConfig:
    """Validated whole, written atomically, in force at once. What is left out goes back to its default."""
    return await config.replace(data)


@post("/validate", operation_id="validateConfig", summary="Check a configuration", status_code=200)
async def validate(config: NamedDependency[ConfigService], data: JSONBody[dict[str, Any]]) -> Validation:
    """Whether it would be taken, and what is wrong with it. Changes nothing."""
    return await config.validate(data)


@get("/section/{name:str}", operation_id="getConfigSection", summary="One section")
async def get_section(config: NamedDependency[ConfigService], name: FromPath[SectionName]) -> Section:
    """What holds now in one section."""
    return config.section(name)


@patch("/section/{name:str}", operation_id="patchConfigSection", summary="Change one section")
async def patch_section(
    config: NamedDependency[ConfigService], name: FromPath[SectionName], data: JSONBody[dict[str, Any]]
) -> Section:
    """Only the named fields change; in force at once."""
    return await config.patch(name, data)


router = Router(
    "/config", route_handlers=[get_config, put_config, validate, get_section, patch_section], tags=["config"]
)
