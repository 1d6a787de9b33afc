/* What an entry does: the request that tells the server, and the job as it will be, painted before the server has said so.
   Where the server decides otherwise, its next answer replaces what was painted. */

const JOBS = "/api/v1/jobs";

/* `facts`: `stage_checks` by stage, `checklists` by kind of work, `me` with id and name. */
function withStage(job, stagesDone, facts, at) {
  const stage = job.stages.find((each) => !stagesDone.includes(each)) ?? null;
  const checks = job.state === "in_progress" && stage ? facts.stage_checks[stage] : [];
  return { ...job, stages_done: stagesDone, stage, checks, stage_since: new Date(at).toISOString(), stage_min: null };
}

const next = (job, changes) => ({ ...job, ...changes, version: job.version + 1 });

const MOVES = {
  start: (job, entry, facts) => withStage(next(job, { state: "in_progress" }), job.stages_done, facts, entry.at),
  finish_stage: (job, entry, facts) => withStage(next(job, {}), [...job.stages_done, job.stage], facts, entry.at),
  submit: (job, _entry, facts) => next(job, { state: "quality_check", checked: [], defects: 0, checks: facts.checklists[job.work_type] }),
  pass: (job) => next(job, { state: "complete", checks: [] }),
  fail: (job, entry, facts) => {
    const redone = entry.body.stage ? job.stages.indexOf(entry.body.stage) : job.stages.length - 1;
    const failed = next(job, { state: "in_progress", rework: job.rework + 1, checked: [] });
    return withStage(failed, job.stages.slice(0, redone), facts, entry.at);
  },
  hold: (job, entry) => next(job, { state: "on_hold", held_from: job.state, hold_reason: entry.body.hold_reason, checks: [] }),
  resume: (job, entry, facts) => {
    const resumed = next(job, { state: job.held_from ?? "in_progress", held_from: null, hold_reason: null });
    if (resumed.state === "quality_check") return { ...resumed, checks: facts.checklists[job.work_type] };
    return withStage(resumed, job.stages_done, facts, entry.at);
  },
};

const EFFECTS = {
  move: (job, entry, facts) => MOVES[entry.body.event](job, entry, facts),
  undo: (job, entry, facts) => withStage(next(job, {}), job.stages_done.slice(0, -1), facts, entry.at),
  tick: (job, { item, body }) => ({ ...job, checked: body.on ? [...new Set([...job.checked, item])] : job.checked.filter((c) => c !== item) }),
  defect: (job) => next(job, { defects: job.defects + 1 }),
  assign: (job, { body }, facts) => next(job, {
    pit_id: body.pit_id, staff: body.staff, mine: body.staff.includes(facts.me.id),
    staff_names: [...new Set([...job.staff_names, ...(body.staff.includes(facts.me.id) ? [facts.me.name] : [])])],
  }),
  photo: (job) => ({ ...job, photos: job.photos + 1 }),
  note: (job) => job,
};

/* The job with everything that waits for it. */
export function painted(job, entries, facts) {
  return entries.filter((entry) => entry.job_id === job.id && EFFECTS[entry.kind])
    .reduce((now, entry) => ({ ...EFFECTS[entry.kind](now, entry, facts), is_waiting: true }), job);
}

export const move = (job, event, more = {}) => ({
  kind: "move", job_id: job.id, method: "POST", path: `${JOBS}/${job.id}/move`, body: { event, version: job.version, ...more },
});
export const undo = (job) => ({
  kind: "undo", job_id: job.id, method: "POST", path: `${JOBS}/${job.id}/undo`, body: { version: job.version },
});
export const tick = (job, item, on) => ({
  kind: "tick", job_id: job.id, item, method: "PUT", path: `${JOBS}/${job.id}/checks/${item}`, body: { on },
});
export const note = (job, said) => ({
  kind: "note", job_id: job.id, method: "POST", path: `${JOBS}/${job.id}/notes`, body: { said },
});
export const defect = (job, said, photo_id) => ({
  kind: "defect", job_id: job.id, method: "POST", path: `${JOBS}/${job.id}/defects`, body: { said, photo_id },
});
export const assign = (job, pit_id, staff) => ({
  kind: "assign", job_id: job.id, method: "PUT", path: `${JOBS}/${job.id}/assignment`, body: { version: job.version, pit_id, staff: [...staff] },
});
export const photo = (job, file, key) => ({
  kind: "photo", job_id: job.id, method: "POST", path: `${JOBS}/${job.id}/photos`, photo: file, key,
  stage: job.state === "in_progress" ? job.stage : null,
});
export const seen = (alertId) => ({
  kind: "seen", alert_id: alertId, method: "POST", path: `/api/v1/alerts/${alertId}/acknowledge`, body: { note: "" },
});

const SIDE_PX = 2_048, QUALITY = 0.85;

/* As large as the server keeps it, so that it comes through a bad network; as it is where the browser can't draw it. */
export async function shrunk(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SIDE_PX / Math.max(image.width, image.height));
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.round(image.width * scale), height: Math.round(image.height * scale),
    });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const smaller = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    return smaller && smaller.size < file.size ? smaller : file;
  } catch {
    return file;
  }
}
