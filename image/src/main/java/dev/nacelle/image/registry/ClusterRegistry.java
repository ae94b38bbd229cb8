package dev.nacelle.image.registry;

import dev.nacelle.base.http.TlsIdentity;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The registry that a cluster brings along. It is reached over TLS with the cluster's authority
 * alone, and by client certificate where no other credential is given.
 *
 * @param at where it really is; what images call {@code 127.0.0.1:PORT} is on another host perhaps
 * @param names what it is called in the names of images, {@code host:port}
 * @param puller as whom its images are pulled
 * @param pusher as whom is pushed to it
 */
public record ClusterRegistry(
    URI at,
    Set<String> names,
    List<X509Certificate> authorities,
    Supplier<TlsIdentity> puller,
    Supplier<TlsIdentity> pusher) {
  public ClusterRegistry {
    names = Set.copyOf(names);
    authorities = List.copyOf(authorities);
  }
}
