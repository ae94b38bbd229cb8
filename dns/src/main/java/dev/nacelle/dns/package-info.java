/**
 * DNS of the cluster: answers for services and pods, forwards the rest. Start at {@link
 * dev.nacelle.dns.ClusterDns}; the names are in {@link dev.nacelle.dns.ClusterZone}. Specification:
 * Kubernetes DNS-Based Service Discovery 1.1.0.
 */
@NullMarked
package dev.nacelle.dns;

import org.jspecify.annotations.NullMarked;
