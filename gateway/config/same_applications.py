"""Two names for one application at Cronofy: its clients would each count as alone, and nobody would keep them apart."""

from gateway.config.complaints import Complaint
from gateway.config.settings import Settings


def complaints_about_same_applications(settings: Settings) -> list[Complaint]:
    """Refuse a second entry of an application, known by its client id and where it lives."""
    first: dict[tuple[str, str], str] = {}
    found = []
    for name, one in settings.applications.items():
        before = first.setdefault((one.client_id, one.emulator_url or str(one.data_centre)), name)
        if before != name:
            problem = f"is that of applications.{before} too, so its clients could not be kept apart"
            hint = f'take this application out and give its clients application = "{before}"'
            found.append(Complaint(f"applications.{name}.client_id", problem, hint))
    return found
