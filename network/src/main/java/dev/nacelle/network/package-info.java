/**
 * The datapath of one host: pod endpoints, their addresses and routes, and the cluster's Services,
 * carried by eBPF programs that go on working while the platform is down. Start at {@link
 * dev.nacelle.network.Datapath}. It knows no Kubernetes object: callers hand it plain tables.
 */
@NullMarked
package dev.nacelle.network;

import org.jspecify.annotations.NullMarked;
