package dev.nacelle.api.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.definition.Allocations;
import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ServiceAllocationTest {
  private final Hooks hooks = Samples.kind("services").hooks();
  private final Pools pools = new Pools();

  /** Two small pools in memory. */
  private static final class Pools implements Allocations {
    final TreeSet<String> taken = new TreeSet<>();
    private int next = 1;

    @Override
    public String take(Pool pool, Optional<String> requested) throws UnavailableException {
      String value =
          requested.orElseGet(
              () ->
                  pool == Pool.SERVICE_IP
                      ? "10.128.0." + next++
                      : Integer.toString(30000 + next++));
      if (!taken.add(value)) {
        throw new UnavailableException("provided port is already allocated");
      }
      return value;
    }

    @Override
    public void release(Pool pool, String value) {
      taken.remove(value);
    }
  }

  private KubeObject create(String spec) {
    KubeObject prepared =
        Samples.created("services", "{'metadata':{'name':'s'},'spec':" + spec + "}");
    return hooks.allocate(pools, prepared, Optional.empty());
  }

  private KubeObject update(KubeObject old, String spec) {
    KubeObject sent =
        new KubeObject(
            hooks.applyDefaults(
                "v1", Samples.json("{'metadata':{'name':'s'},'spec':" + spec + "}")));
    KubeObject prepared = hooks.prepareForUpdate(Samples.CONTEXT, sent, old);
    KubeObject allocated = hooks.allocate(pools, prepared, Optional.of(old));
    assertThat(hooks.validateUpdate(Samples.CONTEXT, allocated, old)).isEmpty();
    return allocated;
  }

  @Test
  void aServiceGetsAnAddressAndKeepsIt() {
    KubeObject service = create("{'ports':[{'port':80}]}");
    assertThat(service.spec().string("clusterIP")).hasValue("10.128.0.1");
    assertThat(service.spec().array("clusterIPs").strings()).containsExactly("10.128.0.1");
    assertThat(update(service, "{'ports':[{'port':81}]}").spec().string("clusterIP"))
        .hasValue("10.128.0.1");
    hooks.release(pools, service);
    assertThat(pools.taken).isEmpty();
  }

  @Test
  void headlessAndExternalServicesTakeNothing() {
    create("{'clusterIP':'None','ports':[{'port':80}]}");
    create("{'type':'ExternalName','externalName':'example.com'}");
    assertThat(pools.taken).isEmpty();
  }

  @Test
  void nodePortsComeAndGoWithTheType() {
    KubeObject plain = create("{'ports':[{'port':80}]}");
    KubeObject open = update(plain, "{'type':'NodePort','ports':[{'port':80}]}");
    long nodePort = port(open);
    assertThat(pools.taken).containsExactly("10.128.0.1", Long.toString(nodePort));
    assertThat(port(update(open, "{'type':'NodePort','ports':[{'port':80}]}"))).isEqualTo(nodePort);
    KubeObject closed = update(open, "{'type':'ClusterIP','ports':[{'port':80}]}");
    assertThat(port(closed)).isZero();
    assertThat(pools.taken).containsExactly("10.128.0.1");
    update(closed, "{'type':'ExternalName','externalName':'example.com'}");
    assertThat(pools.taken).isEmpty();
  }

  @Test
  void aPortUnderTwoProtocolsIsOneNodePort() {
    KubeObject dns =
        create(
            """
            {'type':'NodePort','ports':[{'name':'u','port':53,'protocol':'UDP'},
                                        {'name':'t','port':53,'protocol':'TCP'}]}
            """);
    assertThat(
            dns.spec()
                .array("ports")
                .objects()
                .map(p -> p.integer("nodePort").orElse(0))
                .distinct())
        .hasSize(1);
  }

  @Test
  void aTakenNodePortIsRefusedByItsField() {
    create("{'type':'NodePort','ports':[{'port':80,'nodePort':30080}]}");
    assertThatThrownBy(() -> create("{'type':'NodePort','ports':[{'port':80,'nodePort':30080}]}"))
        .isInstanceOf(ApiException.class)
        .hasMessage(
            "Service \"s\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port"
                + " is already allocated");
  }

  @Test
  void anAddressMayNotChange() {
    KubeObject old = create("{'ports':[{'port':80}]}");
    KubeObject sent =
        new KubeObject(
            hooks.applyDefaults(
                "v1",
                Samples.json(
                    "{'metadata':{'name':'s'},'spec':{'clusterIP':'10.128.9.9','ports':[{'port':80}]}}")));
    KubeObject prepared = hooks.prepareForUpdate(Samples.CONTEXT, sent, old);
    assertThat(
            Samples.messages(
                hooks.validateUpdate(
                    Samples.CONTEXT, hooks.allocate(pools, prepared, Optional.of(old)), old)))
        .isEqualTo(
            List.of(
                "spec.clusterIPs[0]: Invalid value: [\"10.128.9.9\"]: may not change once set"));
  }

  private static long port(KubeObject service) {
    return service
        .spec()
        .array("ports")
        .objects()
        .findFirst()
        .orElseThrow()
        .integer("nodePort")
        .orElse(0);
  }
}
