// What the hub sends and takes, as far as this page looks at it. Points are x before y, in pixels.

export type ShapeType =
  "rectangle" | "polygon" | "polyline" | "points" | "ellipse" | "cuboid" | "mask" | "skeleton";
export type LabelType = ShapeType | "any" | "tag";
export type InputType = "select" | "radio" | "checkbox" | "number" | "text";
export type Kind = "tags" | "shapes" | "tracks";

export interface AttributeSpec {
  id: number;
  name: string;
  mutable: boolean;
  input_type: InputType;
  default_value: string;
  values: string[];
}

export interface Label {
  id: number;
  name: string;
  color: string;
  type: LabelType;
  attributes: AttributeSpec[];
  sublabels: Label[];
  svg?: string;
}

export interface AttributeValue {
  spec_id: number;
  value: string;
}

export interface Element {
  label_id: number;
  type: ShapeType;
  frame: number;
  points: number[];
  occluded?: boolean;
  outside?: boolean;
  attributes?: AttributeValue[];
}

export interface Tag {
  id?: number;
  revision?: number;
  frame: number;
  label_id: number;
  group?: number;
  source?: string;
  score?: number;
  attributes: AttributeValue[];
}

export interface Shape extends Tag {
  type: ShapeType;
  points: number[];
  occluded?: boolean;
  outside?: boolean;
  z_order?: number;
  rotation?: number;
  elements?: Element[];
}

export interface KeyFrame {
  frame: number;
  type: ShapeType;
  points: number[];
  occluded?: boolean;
  outside?: boolean;
  z_order?: number;
  rotation?: number;
  attributes?: AttributeValue[];
}

export interface ElementTrack {
  label_id: number;
  frame: number;
  shapes: KeyFrame[];
  attributes?: AttributeValue[];
}

export interface Track extends Omit<Tag, "score"> {
  shapes: KeyFrame[];
  elements?: ElementTrack[];
}

export interface LabeledData {
  tags: Tag[];
  shapes: Shape[];
  tracks: Track[];
  version?: number;
}

export interface FrameMeta {
  name: string;
  width: number;
  height: number;
}
export interface DataMeta {
  size: number;
  chunk_size: number;
  frames: FrameMeta[];
  deleted_frames: number[];
}

export interface Person {
  id: number;
  username: string;
}
export interface Task {
  id: number;
  name: string;
  mode: "" | "annotation" | "interpolation";
  size?: number;
  status: string;
  owner: Person | null;
  updated_date: string;
  jobs: { count: number; completed: number; validation: number };
}
export interface Page<T> {
  count: number;
  next: string | null;
  results: T[];
}

export interface FunctionAttribute {
  name: string;
  input_type: InputType;
  values: string[];
}
export interface FunctionSublabel {
  name: string;
  type: string;
  attributes: FunctionAttribute[];
}
export interface FunctionLabel extends FunctionSublabel {
  sublabels: FunctionSublabel[];
}
export interface Figures {
  agents: number;
  watching: number;
  last_seen: string | null;
  queued: Record<string, number>;
  seconds: Record<string, number>;
}
export interface AiFunction {
  id: number;
  kind: "detector" | "interactor" | "tracker";
  name: string;
  visibility: "private" | "public";
  owner: Person | null;
  created_date: string;
  labels_v2?: FunctionLabel[];
  min_pos_points?: number;
  min_neg_points?: number;
  startswith_box?: boolean;
  startswith_box_optional?: boolean;
  supported_shape_types?: ShapeType[];
  figures?: Figures;
}

export type RequestStatus = "queued" | "started" | "finished" | "failed" | "canceled";
export interface FunctionRequest {
  id: string;
  function: { id: string; task: number; threshold: number | null };
  status: RequestStatus;
  progress: number;
  enqueued: string;
  started: string | null;
  ended: string | null;
  exc_info: string | null;
}
export interface BackgroundRequest {
  id: string;
  status: string;
  message: string;
  progress: number | null;
  created_date: string;
  started_date: string | null;
  finished_date: string | null;
  owner: Person | null;
  operation: { type: string; task_id: number | null };
}

export interface AccessToken {
  id: number;
  name: string;
  created_date: string;
  expiry_date: string | null;
  last_used_date: string | null;
  read_only: boolean;
  value?: string;
}
