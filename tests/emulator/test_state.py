from gateway.emulator.autoconsent import Choice
from gateway.emulator.settings import EmulatorSettings
from gateway.emulator.state import State


def test_a_reset_goes_back_to_the_settings() -> None:
    state = State(EmulatorSettings(rotate_refresh_tokens=True))
    state.rotate_refresh_tokens = False
    state.autoconsent = Choice()
    state.people.open_application_calendar("rota")
    state.links["x"] = {}
    state.records["y"]["z"] = {}
    state.reset()

    assert vars(state)["rotate_refresh_tokens"] is True
    assert vars(state)["autoconsent"] is None
    assert (state.people.accounts, state.links, state.records) == ({}, {}, {})
