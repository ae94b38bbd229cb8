/**
 * The one way of every request to an object, whether it came over HTTP or in process: authorize,
 * decode, merge, default, mutate, prepare, allocate, validate, commit. Start at {@link
 * dev.nacelle.apiserver.pipeline.RequestPipeline}. Must not know HTTP.
 */
@NullMarked
package dev.nacelle.apiserver.pipeline;

import org.jspecify.annotations.NullMarked;
