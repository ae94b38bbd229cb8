/**
 * The streams between clients and pods: exec, attach and port-forward, over SPDY and over
 * WebSockets, in all the forms that Kubernetes' clients speak. Start at {@link
 * dev.nacelle.node.stream.RemoteCommand} and {@link dev.nacelle.node.stream.PortForward}. Must not
 * know how a pod is found or run.
 */
@NullMarked
package dev.nacelle.node.stream;

import org.jspecify.annotations.NullMarked;
