package dev.nacelle.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

final class ClusterZoneTest {
  private final MapView view =
      new MapView()
          .service(
              """
              {metadata: {name: web, namespace: default}, spec: {clusterIP: 10.128.0.7,
               clusterIPs: [10.128.0.7], ports: [{name: http, port: 80, protocol: TCP},
               {port: 53, protocol: UDP}]}}""")
          .service(
              """
              {metadata: {name: db, namespace: prod}, spec: {clusterIP: None,
               ports: [{name: sql, port: 5432}]}}""")
          .slice(
              """
              {metadata: {name: db-1, namespace: prod,
                labels: {kubernetes.io/service-name: db}},
               ports: [{name: sql, port: 5432, protocol: TCP}],
               endpoints: [
                {addresses: [10.64.0.5], hostname: db-0, conditions: {ready: true}},
                {addresses: [10.64.0.6], conditions: {ready: true}},
                {addresses: [10.64.0.7], hostname: db-2, conditions: {ready: false}}]}""")
          .service("{metadata: {name: none, namespace: prod}, spec: {clusterIP: None}}")
          .service(
              """
              {metadata: {name: out, namespace: default},
               spec: {type: ExternalName, externalName: www.example.org}}""");

  private final ClusterZone zone = new ClusterZone(view, "cluster.local");

  private String ask(String name, String type) {
    ZoneAnswer answer;
    try {
      answer = zone.answer(Name.fromString(name), Type.value(type));
    } catch (TextParseException e) {
      throw new AssertionError(e);
    }
    return switch (answer) {
      case ZoneAnswer.Found found ->
          found.records().stream()
              .map(Record::rdataToString)
              .sorted()
              .collect(Collectors.joining(" "));
      case ZoneAnswer.Alias alias -> "CNAME " + alias.target();
      case ZoneAnswer.NoData x -> "nodata";
      case ZoneAnswer.NoName x -> "nxdomain";
      case ZoneAnswer.NotReady x -> "servfail";
      case ZoneAnswer.Elsewhere x -> "elsewhere";
    };
  }

  @ParameterizedTest
  @CsvSource({
    "web.default.svc.cluster.local., A, 10.128.0.7",
    "WEB.Default.SVC.cluster.LOCAL., A, 10.128.0.7",
    "web.default.svc.cluster.local., AAAA, nodata",
    "web.default.svc.cluster.local., MX, nodata",
    "gone.default.svc.cluster.local., A, nxdomain",
    "web.gone.svc.cluster.local., A, nxdomain",
    "default.svc.cluster.local., A, nodata",
    "svc.cluster.local., A, nodata",
    "cluster.local., A, nodata",
    "other.cluster.local., A, nxdomain",
    "x.web.default.svc.cluster.local., A, nxdomain",
    "_http._tcp.web.default.svc.cluster.local., SRV, 0 100 80 web.default.svc.cluster.local.",
    "_http._tcp.web.default.svc.cluster.local., A, nodata",
    "_http._udp.web.default.svc.cluster.local., SRV, nxdomain",
    "_tcp.web.default.svc.cluster.local., SRV, nodata",
    "db.prod.svc.cluster.local., A, 10.64.0.5 10.64.0.6",
    "db-0.db.prod.svc.cluster.local., A, 10.64.0.5",
    "10-64-0-6.db.prod.svc.cluster.local., A, 10.64.0.6",
    "db-2.db.prod.svc.cluster.local., A, nxdomain",
    "none.prod.svc.cluster.local., A, nxdomain",
    "out.default.svc.cluster.local., A, CNAME www.example.org.",
    "10-64-0-6.default.pod.cluster.local., A, 10.64.0.6",
    "10-64-0-6.default.pod.cluster.local., AAAA, nodata",
    "10-64-0-256.default.pod.cluster.local., A, nxdomain",
    "10-64-0-6.gone.pod.cluster.local., A, nxdomain",
    "7.0.128.10.in-addr.arpa., PTR, web.default.svc.cluster.local.",
    "5.0.64.10.in-addr.arpa., PTR, db-0.db.prod.svc.cluster.local.",
    "9.9.9.9.in-addr.arpa., PTR, elsewhere",
    "dns-version.cluster.local., TXT, 1.1.0",
    "www.example.org., A, elsewhere",
    "notcluster.local., A, elsewhere"
  })
  void namesHaveTheRecordsOfTheSpecification(String name, String type, String expected) {
    assertThat(ask(name, type)).isEqualTo(expected);
  }

  @Test
  void aHeadlessServiceHasOneServiceRecordForEachReadyEndpoint() {
    assertThat(ask("_sql._tcp.db.prod.svc.cluster.local.", "SRV"))
        .isEqualTo(
            "0 50 5432 10-64-0-6.db.prod.svc.cluster.local."
                + " 0 50 5432 db-0.db.prod.svc.cluster.local.");
  }

  @Test
  void nothingIsDeniedBeforeAllIsKnown() {
    view.synced = false;
    assertThat(ask("gone.default.svc.cluster.local.", "A")).isEqualTo("servfail");
  }
}
