package dev.nacelle.network;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.bpf.BpfException;
import dev.nacelle.kernel.netlink.AddressWatch;
import dev.nacelle.kernel.netlink.Link;
import dev.nacelle.kernel.netlink.NetlinkException;
import dev.nacelle.kernel.netlink.NetlinkSocket;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import dev.nacelle.network.Layouts.NamespaceValue;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The datapath by eBPF: Services at the socket, for processes of this host's and its pods' network
 * namespaces; at the uplinks Services for clients off the host, and masquerade; routed pairs of
 * interfaces for pods, with a short way between them.
 */
public final class EbpfDatapath implements Datapath {
  private static final Logger LOG = LoggerFactory.getLogger(EbpfDatapath.class);
  private static final Path BPFFS = Path.of("/sys/fs/bpf");
  private static final int SLOTS = 64;
  private static final int THREADS = 4;
  private static final Duration SETTLING = Duration.ofMillis(100);
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final DatapathConfig config;
  private final NetworkNamespace hostNamespace;
  private final NetlinkSocket host;
  private final NetlinkSocket remover;
  private final PinnedObjects objects;
  private final PodAddresses addresses;
  private final PodLinks links;
  private final HostNetwork network;
  private final ServiceMaps services;
  private final AddressWatch addressWatch;
  private final Thread follower;
  private final Map<String, Endpoint> endpoints = new ConcurrentHashMap<>();
  private final List<ReentrantLock> podLocks = new ArrayList<>();
  private final ReentrantLock tableLock = new ReentrantLock();
  private final Semaphore threads = new Semaphore(THREADS);

  private EbpfDatapath(
      DatapathConfig config,
      NetworkNamespace hostNamespace,
      NetlinkSocket host,
      NetlinkSocket remover,
      PinnedObjects objects,
      PodAddresses addresses,
      AddressWatch addressWatch) {
    this.config = config;
    this.hostNamespace = hostNamespace;
    this.host = host;
    this.remover = remover;
    this.objects = objects;
    this.addresses = addresses;
    this.links = new PodLinks(config, host, remover);
    this.network = new HostNetwork(config, host, hostNamespace, objects, links);
    this.services = new ServiceMaps(objects::map);
    this.addressWatch = addressWatch;
    this.follower = Thread.ofVirtual().name("host interfaces").unstarted(this::followInterfaces);
    for (int i = 0; i < SLOTS; i++) {
      podLocks.add(new ReentrantLock());
    }
  }

  /**
   * Opens the datapath of an instance, adopting all that an earlier process of it has left. One
   * process at a time: callers hold the instance's lock.
   *
   * @throws DatapathException if the kernel refuses something that has no substitute; says what
   */
  public static Datapath open(DatapathConfig config) {
    List<AutoCloseable> opened = new ArrayList<>();
    try {
      NetworkNamespace namespace = NetworkNamespace.open(config.hostNamespace());
      opened.add(namespace);
      NetlinkSocket host = namespace.call(NetlinkSocket::open);
      opened.add(host);
      NetlinkSocket remover = namespace.call(NetlinkSocket::open);
      opened.add(remover);
      long cookie = host.namespaceCookie();
      PinnedObjects objects =
          PinnedObjects.open(BPFFS, config.instance(), cookie, CgroupRoot.find());
      opened.add(objects);
      PodAddresses addresses =
          PodAddresses.open(config.stateDirectory(), config.podCidr(), InstantSource.system());
      opened.add(addresses);
      // before the interfaces are looked at, so that none comes unseen
      AddressWatch addressWatch = namespace.call(AddressWatch::open);
      opened.add(addressWatch);
      EbpfDatapath datapath =
          new EbpfDatapath(config, namespace, host, remover, objects, addresses, addressWatch);
      datapath.adopt(cookie);
      datapath.follower.start();
      return datapath;
    } catch (BpfException | NetlinkException | ErrnoException e) {
      opened.reversed().forEach(EbpfDatapath::closeQuietly);
      throw new DatapathException("cannot open the datapath: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      opened.reversed().forEach(EbpfDatapath::closeQuietly);
      throw e;
    }
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      // the failure that brought us here is the one to tell
    }
  }

  private void adopt(long hostCookie) {
    objects.map("namespaces").put(Layouts.cookie(hostCookie), new NamespaceValue(0, 0).bytes());
    network.apply(network.present());
    List<PodLinks.Found> found = links.adopt();
    Set<Ipv4> alive = new HashSet<>();
    for (PodLinks.Found pod : found) {
      if (objects.renewed()) {
        links.renew(pod.link(), objects.podProgram());
      }
      addresses.take(pod.podUid(), pod.address());
      register(pod.podUid(), pod.address(), pod.link());
      alive.add(pod.address());
    }
    forgetAllBut(alive);
    objects.settle();
  }

  /** An interface that comes after the start leads off the host as the others do. */
  private void followInterfaces() {
    try {
      while (addressWatch.awaitChange()) {
        Thread.sleep(SETTLING); // an address seldom comes alone
        refresh();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void refresh() throws InterruptedException {
    while (true) {
      tableLock.lockInterruptibly();
      try {
        onPlatformThread(network::refresh);
        return;
      } catch (BpfException | NetlinkException | ErrnoException e) {
        LOG.warn("cannot follow the host's interfaces yet: {}", e.getMessage());
      } finally {
        tableLock.unlock();
      }
      Thread.sleep(RETRY);
    }
  }

  private void forgetAllBut(Set<Ipv4> alive) {
    objects
        .map("endpoints")
        .entries()
        .forEach(
            e -> {
              if (!alive.contains(new Ipv4(Layouts.address(e.getKey())))) {
                objects.map("endpoints").remove(e.getKey());
              }
            });
    objects
        .map("namespaces")
        .entries()
        .forEach(
            e -> {
              int address = NamespaceValue.of(e.getValue()).address();
              if (address != 0 && !alive.contains(new Ipv4(address))) {
                objects.map("namespaces").remove(e.getKey());
              }
            });
  }

  private Endpoint register(String podUid, Ipv4 address, Link link) {
    objects
        .map("endpoints")
        .put(
            Layouts.address(address.bits()),
            Layouts.endpoint(link.index(), 0, PodLinks.mac(address)));
    Endpoint endpoint = new Endpoint(podUid, address, link.name());
    endpoints.put(podUid, endpoint);
    return endpoint;
  }

  @Override
  public Endpoint attach(EndpointSpec spec) {
    ReentrantLock lock = lock(spec.podUid());
    lock.lock();
    threads.acquireUninterruptibly();
    try (NetworkNamespace pod = NetworkNamespace.open(spec.networkNamespace())) {
      Ipv4 address = addresses.take(spec.podUid(), spec.address());
      return NetworkNamespace.oneShot(() -> connect(spec.podUid(), address, pod));
    } catch (BpfException | NetlinkException | ErrnoException e) {
      throw new DatapathException("cannot connect pod " + spec.podUid() + ": " + e.getMessage(), e);
    } finally {
      threads.release();
      lock.unlock();
    }
  }

  /** Runs on a thread that ends with it: it moves into the pod's namespace. */
  private Endpoint connect(String podUid, Ipv4 address, NetworkNamespace pod) {
    pod.enter();
    try (NetlinkSocket inPod = NetlinkSocket.open()) {
      Link link = links.connect(podUid, address, pod, inPod);
      Endpoint endpoint = register(podUid, address, link);
      long cookie = inPod.namespaceCookie();
      objects
          .map("namespaces")
          .put(Layouts.cookie(cookie), new NamespaceValue(address.bits(), 0).bytes());
      links.configureHost(podUid, address, link, objects.podProgram());
      links.configurePod(address, inPod, network.uplinkMtu());
      return endpoint;
    }
  }

  @Override
  public void detach(String podUid) {
    ReentrantLock lock = lock(podUid);
    lock.lock();
    try {
      onPlatformThread(() -> disconnect(podUid));
    } catch (BpfException | NetlinkException | ErrnoException e) {
      throw new DatapathException("cannot disconnect pod " + podUid + ": " + e.getMessage(), e);
    } finally {
      lock.unlock();
    }
  }

  private void disconnect(String podUid) {
    Ipv4 address = addresses.held().getOrDefault(podUid, Ipv4.ANY);
    if (!address.equals(Ipv4.ANY)) {
      forget(address);
    }
    links.remove(podUid);
    endpoints.remove(podUid);
    addresses.free(podUid);
  }

  private void forget(Ipv4 address) {
    objects.map("endpoints").remove(Layouts.address(address.bits()));
    for (Map.Entry<byte[], byte[]> entry : objects.map("namespaces").entries()) {
      if (NamespaceValue.of(entry.getValue()).address() == address.bits()) {
        objects.map("namespaces").remove(entry.getKey());
      }
    }
  }

  private ReentrantLock lock(String podUid) {
    return podLocks.get(Math.floorMod(podUid.hashCode(), SLOTS));
  }

  @Override
  public void retain(Set<String> podUids) {
    Set<String> known = new HashSet<>(addresses.held().keySet());
    known.addAll(endpoints.keySet());
    known.stream().filter(pod -> !podUids.contains(pod)).forEach(this::detach);
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.copyOf(endpoints.values());
  }

  @Override
  public void applyServices(ServiceTable table) {
    withTables(() -> services.apply(table));
  }

  @Override
  public void applyRoutes(HostRoutes routes) {
    withTables(() -> network.apply(routes));
  }

  private void withTables(Runnable change) {
    tableLock.lock();
    try {
      onPlatformThread(change);
    } catch (BpfException | NetlinkException | ErrnoException e) {
      throw new DatapathException("cannot apply the tables: " + e.getMessage(), e);
    } finally {
      tableLock.unlock();
    }
  }

  /** The kernel may take long, and a carrier must not wait for it. */
  private static void onPlatformThread(Runnable task) {
    NetworkNamespace.oneShot(
        () -> {
          task.run();
          return Optional.empty();
        });
  }

  @Override
  public List<DatapathCapability> capabilities() {
    return DatapathProbe.capabilities();
  }

  @Override
  public void release() {
    tableLock.lock();
    try {
      services.apply(ServiceTable.EMPTY);
      links.removeAll();
      network.release();
      addresses.held().keySet().forEach(addresses::free);
      endpoints.clear();
      objects.release();
    } catch (BpfException | NetlinkException | ErrnoException e) {
      throw new DatapathException("cannot release the datapath: " + e.getMessage(), e);
    } finally {
      tableLock.unlock();
    }
    close();
  }

  @Override
  public void close() {
    addressWatch.close();
    follower.interrupt();
    tableLock.lock(); // a last refresh ends before its maps do
    try {
      closeAll();
    } finally {
      tableLock.unlock();
    }
  }

  private void closeAll() {
    objects.close();
    addresses.close();
    remover.close();
    host.close();
    hostNamespace.close();
  }
}
