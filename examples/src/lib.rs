//! Runnable programs; see README.md
