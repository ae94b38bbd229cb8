package dev.nacelle.apiserver;

import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.base.http.ServerTls;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * What an API server is told.
 *
 * @param bind the address to listen on; port 0 for any
 * @param tls plain HTTP where empty: for tests
 * @param advertiseAddress the address under which pods and other hosts reach the server
 * @param ranges of service addresses and node ports
 * @param mostReads requests that read, under way at once; more wait, then get 429
 * @param mostWrites requests that write, under way at once
 */
public record ApiServerConfig(
    InetSocketAddress bind,
    Optional<ServerTls> tls,
    String advertiseAddress,
    AllocationPools.Ranges ranges,
    int mostReads,
    int mostWrites) {

  public static final int DEFAULT_READS = 400;
  public static final int DEFAULT_WRITES = 200;
}
