package dev.nacelle.app;

import dev.nacelle.api.client.HttpApiClient;
import dev.nacelle.api.client.Kubeconfig;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.io.IOException;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;

/**
 * Finds out whom a host is about to join, before it says anything of itself: reads {@code
 * kube-public/cluster-info} from a server that nobody vouches for, believes it only if it is signed
 * with the token, and then asks again with the authority that it names.
 */
final class JoinDiscovery {
  private static final int MAX_ANSWER = 1 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final URI server;
  private final JoinToken token;

  JoinDiscovery(URI server, JoinToken token) {
    this.server = server;
    this.token = token;
  }

  /** The authorities of the cluster. */
  List<X509Certificate> authorities() throws StartException, InterruptedException {
    JsonObject info = unverified();
    String kubeconfig = info.string("data", JoinInfo.KUBECONFIG).orElse("");
    String signature = info.string("data", JoinInfo.SIGNATURE + token.id()).orElse("");
    if (signature.isEmpty()) {
      throw refused(
          "it knows no token "
              + token.id()
              + "; it may have expired: make another with \"nacelle token create\"");
    }
    if (!JoinSignature.isOf(kubeconfig, token, signature)) {
      throw refused(
          "what it says of itself is not signed with this token: the token is wrong, or this is"
              + " not the server you mean");
    }
    Kubeconfig verified = parse(kubeconfig);
    if (verified.authorities().isEmpty()) {
      throw refused("it does not name its authority");
    }
    confirm(verified.authorities(), kubeconfig);
    return verified.authorities();
  }

  private JsonObject unverified() throws StartException, InterruptedException {
    URI uri =
        URI.create(
            server.toString().replaceAll("/+$", "")
                + Resources.CONFIG_MAPS.objectPath(JoinInfo.CLUSTER_INFO));
    try (HttpClient client =
            HttpClient.builder()
                .trustAnyServer()
                .connectTimeout(PATIENCE)
                .readTimeout(PATIENCE)
                .build();
        HttpResponse response =
            client.send(HttpRequest.get(uri).with("accept", "application/json"))) {
      if (response.status() != 200) {
        throw refused(
            response.status() == 404
                ? "it has no kube-public/cluster-info; hosts can join a Nacelle platform only"
                : "it answered " + response.status() + " when asked who it is");
      }
      return JsonReader.readObject(response.bytes(MAX_ANSWER));
    } catch (IOException e) {
      throw new StartException("cannot join: " + e.getMessage() + "; check --server", e);
    } catch (JsonSyntaxException e) {
      throw new StartException("cannot join " + server + ": it does not speak the API", e);
    }
  }

  private Kubeconfig parse(String kubeconfig) throws StartException {
    try {
      return Kubeconfig.parse(Bytes.utf8(kubeconfig), "in kube-public/cluster-info");
    } catch (IOException e) {
      throw new StartException("cannot join " + server + ": " + e.getMessage(), e);
    }
  }

  /** Whoever answered before must be the one that the authority has signed. */
  private void confirm(List<X509Certificate> authorities, String kubeconfig) throws StartException {
    try (HttpApiClient client = HttpApiClient.builder(server).trust(authorities).build()) {
      KubeObject info = client.get(Resources.CONFIG_MAPS, JoinInfo.CLUSTER_INFO);
      if (!info.json().string("data", JoinInfo.KUBECONFIG).orElse("").equals(kubeconfig)) {
        throw refused("it tells different things of itself; try again");
      }
    } catch (ApiException e) {
      throw refused("the authority it names has not signed its certificate: " + e.getMessage());
    }
  }

  private StartException refused(String why) {
    return new StartException("cannot join " + server + ": " + why);
  }
}
