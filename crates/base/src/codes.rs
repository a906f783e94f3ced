//! Codes that identify persons, organisations and divisions.
