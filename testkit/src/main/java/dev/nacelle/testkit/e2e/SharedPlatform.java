package dev.nacelle.testkit.e2e;

import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One running instance for the tests of a class, with the busybox image imported; to be registered
 * as a static extension. A machine on which no instance can run skips the class by name. The first
 * failure shows what runs and the end of the platform's log.
 */
public final class SharedPlatform
    implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private final String name;
  private Optional<PlatformUnderTest> running = Optional.empty();
  private boolean shown;

  public SharedPlatform(String name) {
    this.name = name;
  }

  /** The instance, while the tests of the class run. */
  public PlatformUnderTest get() {
    return running.orElseThrow(() -> new AssertionError("it is not started"));
  }

  /** Its kubectl. */
  public Kubectl kubectl() {
    return get().kubectl();
  }

  /** Its kubectl in a namespace of the test's own, which is made. */
  public Kubectl kubectlIn(String namespace) {
    kubectl().ok("create", "namespace", namespace);
    Kubectl kubectl = kubectl().in(namespace);
    kubectl.awaitPath("{.metadata.name}", "default"::equals, "serviceaccount", "default");
    return kubectl;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    PlatformUnderTest.missing().ifPresent(why -> Assumptions.abort(why));
    PlatformUnderTest platform = PlatformUnderTest.create(name);
    running = Optional.of(platform);
    try {
      platform.up();
      platform.importBusybox();
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + platform.logTail(), e);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    context
        .getExecutionException()
        .ifPresent(
            e ->
                System.out.println(
                    "after the failure of " + context.getDisplayName() + ":\n" + state()));
  }

  private String state() {
    if (shown) {
      return "(as above)";
    }
    shown = true;
    Kubectl kubectl = kubectl();
    return kubectl.run("get", "pods,services,endpointslices", "-A", "-o", "wide").all()
        + kubectl.run("get", "events", "-A", "--sort-by=.lastTimestamp").all()
        + get().logTail();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    running.ifPresent(PlatformUnderTest::close);
  }
}
