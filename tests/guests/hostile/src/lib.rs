//! A test guest that misbehaves in every way the host must stop.
