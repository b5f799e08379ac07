//! macOS: kqueue, process groups and libproc.
