"""What has to be done at Cronofy."""

from gateway.advice import advice
from gateway.config import settings_from
from tests.settings import good_settings

SECRET = "app-secret-0123456789abcdef"


def test_it_names_the_redirect_uris_the_callback_and_the_features() -> None:
    clients = {
        "app": {"secrets": [SECRET], "redirect_uris": ["https://b.example.com/cb", "https://a.example.com/cb"]},
        "page": {"secrets": [SECRET], "home": "https://page.example.com/"},
    }
    uris, features = advice(settings_from(good_settings(clients=clients)))
    expected = "https://a.example.com/cb, https://b.example.com/cb, https://gateway.example.com/auth/callback"
    assert expected in uris
    assert "application main (us)" in uris
    assert features.endswith("under Features: switch on Free/Busy and No-Access.")


def test_a_mode_that_no_client_takes_need_not_be_offered() -> None:
    clients = {"app": {"secrets": [SECRET], "accepted_modes": ["read_write", "free_busy"]}}
    uris, features = advice(settings_from(good_settings(clients=clients)))
    assert "none are configured" in uris
    assert "switch on Free/Busy; switch off No-Access: no client takes it." in features
