from gateway.emulator.autoconsent import Choice
from gateway.emulator.rotation import Rotation
from gateway.emulator.settings import EmulatorSettings
from gateway.emulator.state import State
from gateway.emulator.token_counts import TokenCounts


def test_a_reset_goes_back_to_the_settings() -> None:
    state = State(EmulatorSettings(rotation=Rotation(kind="grace", grace=5)))
    state.rotation = Rotation()
    state.autoconsent = Choice()
    state.people.open_application_calendar("rota")
    state.links["x"] = {}
    state.records["y"]["z"] = {}
    state.token_counts.refused += 1
    state.people.invited += 1
    state.reset()

    assert vars(state)["rotation"] == Rotation(kind="grace", grace=5)
    assert vars(state)["autoconsent"] is None
    assert (state.people.accounts, state.links, state.records) == ({}, {}, {})
    assert (state.token_counts, state.people.invited) == (TokenCounts(), 0)
