/** Requests a second, CPU time a request and watch latency of the API over TLS. */
@NullMarked
package dev.nacelle.bench.api;

import org.jspecify.annotations.NullMarked;
