"""What participants are composed of: each module one actor, found by entry points like any third party's."""
