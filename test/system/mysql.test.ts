import { describeStreamedJob } from './streamed.ts';

describeStreamedJob('mysql');
