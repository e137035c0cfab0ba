//! sse-server
