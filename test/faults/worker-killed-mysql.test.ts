import { describeWorkerKilled } from './worker-killed.ts';

describeWorkerKilled('mysql');
