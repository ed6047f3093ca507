// What each access mode means for the person, in words. Source: Cronofy's pages on Calendar Access Modes.

const BY_EMAIL = "As an invitation by e-mail. It is in the calendar once you accept it.";
const NO_INTEGRATED =
  "Integrated conferencing. Zoom, GoTo and Webex work; Teams and Meet do once they are connected separately.";

export const MODES = {
  read_write: {
    name: "Read-Write",
    short: "Cronofy reads the calendar and writes into it.",
    sees: "The events of the calendar. This app still gets no more than free and busy: it asked for free_busy_write.",
    arrives: "Straight in the calendar.",
    lacks: "Nothing. Integrated conferencing works where the calendar has it.",
  },
  free_busy: {
    name: "Free/Busy",
    short: "Cronofy sees only when you are busy.",
    sees: "When you are busy, and nothing else: no titles, no guests, no places.",
    arrives: BY_EMAIL,
    lacks: NO_INTEGRATED,
  },
  no_access: {
    name: "No-Access",
    short: "Cronofy sees no calendar of yours.",
    sees: "Nothing. It knows only the events that apps create through it.",
    arrives: BY_EMAIL,
    lacks: `${NO_INTEGRATED} Your own calendar does not count as busy.`,
  },
  not_applicable: {
    name: "No mode of its own",
    short: "A service account stands for an organisation, not for a calendar.",
    sees: "Nothing yet. The mode belongs to the people for whom access is asked.",
    arrives: "Not here: a service account has no calendar.",
    lacks: "Reading and adding events, until access to a person’s calendar is asked for.",
  },
  unknown: {
    name: "Not known just now",
    short: "The gateway could not learn the mode in time.",
    sees: "That depends on how the calendar was connected.",
    arrives: "That depends on the mode, too.",
    lacks: "Calls go through, and Cronofy decides.",
  },
};

export const wordsFor = (mode) => MODES[mode] ?? MODES.unknown;

/** The mode of a profile, by the same rule as the gateway's. */
export function modeOf(profile) {
  const names = [profile.provider_name, profile.provider_service].map((name) => name ?? "");
  if (names.some((name) => name.endsWith("_free_busy"))) return "free_busy";
  return names.includes("cronofy") ? "no_access" : "read_write";
}

const PROVIDERS = {
  google: "Google",
  google_free_busy: "Google",
  ms_graph_free_busy: "Microsoft 365",
  exchange: "Microsoft",
  office365: "Microsoft 365",
  live_connect: "Outlook.com",
  apple: "Apple iCloud",
  cronofy: "Hosted by Cronofy",
  zoom: "Zoom",
  ms_teams: "Microsoft Teams",
  go_to: "GoTo",
};

export const providerName = (name) => PROVIDERS[name] ?? name;
