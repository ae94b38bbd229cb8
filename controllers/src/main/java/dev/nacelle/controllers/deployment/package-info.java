/**
 * Rolls a Deployment from one ReplicaSet to the next. Start at {@link
 * dev.nacelle.controllers.deployment.DeploymentPlan}; the step of a rollout is in {@link
 * dev.nacelle.controllers.deployment.Rollout}, its report in {@link
 * dev.nacelle.controllers.deployment.DeploymentStatus}.
 */
@NullMarked
package dev.nacelle.controllers.deployment;

import org.jspecify.annotations.NullMarked;
