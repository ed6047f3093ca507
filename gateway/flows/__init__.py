"""The first floor: async stories over ports. No web framework, no database driver."""
