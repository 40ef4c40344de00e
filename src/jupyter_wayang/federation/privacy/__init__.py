"""Mechanisms that protect what leaves a site: one per file, with the site's half and the coordinator's, as pure code."""
