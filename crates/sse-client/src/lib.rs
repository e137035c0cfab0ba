//! sse-client
