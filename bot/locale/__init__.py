"""The words of the interface, in gettext catalogues."""
