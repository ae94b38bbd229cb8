package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells further hosts what they must know to join: who the cluster is, in {@code
 * kube-public/cluster-info}, signed with every bootstrap token that may sign; and its ranges, in
 * {@code kube-system/nacelle-cluster}. The default roles let them read both. Follows the tokens by
 * itself, and looks for expired ones every minute. Safe for any thread.
 */
final class JoinInfo implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JoinInfo.class);
  private static final String TOKEN_TYPE = "bootstrap.kubernetes.io/token";
  private static final ListOptions TOKENS =
      ListOptions.inNamespace("kube-system").withFieldSelector("type=" + TOKEN_TYPE);
  private static final Duration LOOK = Duration.ofMinutes(1);

  static final ObjectKey CLUSTER_INFO = new ObjectKey("kube-public", "cluster-info");
  static final ObjectKey CLUSTER = new ObjectKey("kube-system", "nacelle-cluster");
  static final String KUBECONFIG = "kubeconfig";
  static final String SIGNATURE = "jws-kubeconfig-";

  private final ApiClient client;
  private final OwnObjects objects;
  private final String kubeconfig;
  private final InstantSource clock;
  private final Informer tokens;
  private final Semaphore changed = new Semaphore(0);
  private final Thread thread;

  /** Of the holder of this object's monitor alone. */
  private Map<String, String> published = Map.of();

  private JoinInfo(ApiClient client, String kubeconfig, InstantSource clock) {
    this.client = client;
    this.objects = new OwnObjects(client, "nacelle-join");
    this.kubeconfig = kubeconfig;
    this.clock = clock;
    this.tokens = new Informer(client, Resources.SECRETS, TOKENS);
    this.thread = Thread.ofVirtual().name("join info").unstarted(this::follow);
  }

  /**
   * Publishes everything, and keeps it so.
   *
   * @param client one that may do everything
   * @param server the URL by which other hosts reach the API
   */
  static JoinInfo publish(
      ApiClient client,
      String server,
      String authorityPem,
      JoinRanges ranges,
      InstantSource clock) {
    var info = new JoinInfo(client, kubeconfig(server, authorityPem), clock);
    info.objects.putConfigMap(CLUSTER, Map.of(), ranges.toData());
    info.refresh();
    info.tokens.listen((before, after) -> info.changed.release());
    info.tokens.start();
    info.thread.start();
    return info;
  }

  /**
   * Signs with the tokens that there are now; for whoever has just made one and wants it to be of
   * use at once.
   *
   * @throws ApiException if the API refuses
   */
  synchronized void refresh() {
    var data = new TreeMap<String, String>();
    data.put(KUBECONFIG, kubeconfig);
    for (KubeObject secret : client.list(Resources.SECRETS, TOKENS).items()) {
      signing(secret)
          .ifPresent(
              token -> data.put(SIGNATURE + token.id(), JoinSignature.sign(kubeconfig, token)));
    }
    if (!data.equals(published)) {
      objects.putConfigMap(CLUSTER_INFO, Map.of(), data);
      published = data;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    tokens.close();
  }

  private void follow() {
    try {
      while (true) {
        if (changed.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
          changed.drainPermits();
        }
        try {
          refresh();
        } catch (ApiException e) {
          LOG.warn("cannot publish the cluster's identity: {}", e.getMessage());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<JoinToken> signing(KubeObject secret) {
    String expiration = value(secret, "expiration");
    try {
      boolean expired =
          !expiration.isEmpty() && !clock.instant().isBefore(Instant.parse(expiration));
      return expired || !value(secret, "usage-bootstrap-signing").equals("true")
          ? Optional.empty()
          : Optional.of(
              JoinToken.parse(value(secret, "token-id") + "." + value(secret, "token-secret")));
    } catch (StartException | java.time.DateTimeException e) {
      LOG.warn("secret {} is no bootstrap token: {}", secret.key(), e.getMessage());
      return Optional.empty();
    }
  }

  private static String value(KubeObject secret, String name) {
    try {
      byte[] bytes = Base64.getDecoder().decode(secret.json().string("data", name).orElse(""));
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  private static String kubeconfig(String server, String authorityPem) {
    return """
        apiVersion: v1
        clusters:
        - cluster:
            certificate-authority-data: %s
            server: %s
          name: ""
        contexts: null
        current-context: ""
        kind: Config
        preferences: {}
        users: null
        """
        .formatted(
            Base64.getEncoder().encodeToString(authorityPem.getBytes(StandardCharsets.UTF_8)),
            server);
  }
}
