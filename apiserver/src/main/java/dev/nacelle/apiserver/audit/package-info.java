/**
 * What is written down of requests, as {@code audit.k8s.io/v1} has it: a policy says how much of
 * which, a log keeps it. Start at {@link dev.nacelle.apiserver.audit.Audit}. Must not know HTTP nor
 * the pipeline.
 */
@NullMarked
package dev.nacelle.apiserver.audit;

import org.jspecify.annotations.NullMarked;
