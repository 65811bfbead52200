import pytest
from tests.support.world import World


@pytest.fixture
async def world():
    return World()


@pytest.fixture
async def manager(world):
    made = world.boot()
    await made.start()
    yield made
    await made.close()
